package devtools

import (
	"context"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"

	"github.com/swinspect/swinspect/runtime/clock"
)

// virtualClock is a clock that stands still unless it is moved.
type virtualClock interface {
	clock.Clock
	Advance(d time.Duration)
}

// emulationDomain: what has to do with a screen changes nothing, for there is none.
func emulationDomain(t *table) {
	accept(t, emulation.SetDeviceMetricsOverride)
	accept(t, emulation.ClearDeviceMetricsOverride)
	accept(t, emulation.SetTouchEmulationEnabled)
	accept(t, emulation.SetEmulatedMedia)
	accept(t, emulation.SetFocusEmulationEnabled)
	accept(t, emulation.SetDefaultBackgroundColorOverride)
	accept(t, emulation.SetScrollbarsHidden)
	accept(t, emulation.SetGeolocationOverride)   // there is no API that would tell a place
	accept(t, emulation.ClearGeolocationOverride) // the same
	accept(t, emulation.SetCPUThrottlingRate)     // nothing is measured against a machine's speed
	accept(t, emulation.SetIdleOverride)          // there is no API that would tell of idleness
	accept(t, emulation.ClearIdleOverride)
	accept(t, emulation.SetEmulatedVisionDeficiency)
	accept(t, emulation.SetAutoDarkModeOverride)
	only(t, emulation.SetLocaleOverride, func(p emulation.SetLocaleOverrideParams) bool { return p.Locale == "" || p.Locale == "en-US" }, "The engine's locale is en-US")
	only(t, emulation.SetTimezoneOverride, func(p emulation.SetTimezoneOverrideParams) bool {
		return p.TimezoneID == "" || p.TimezoneID == time.Local.String()
	}, "The engine's time zone is that of the machine: set TZ")
	only(t, emulation.SetScriptExecutionDisabled, func(p emulation.SetScriptExecutionDisabledParams) bool { return !p.Value }, "The engine always runs scripts")
	handle(t, emulation.SetUserAgentOverride, func(_ context.Context, s *session, p emulation.SetUserAgentOverrideParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.network.userAgent = p.UserAgent
		return none, nil
	})
	handle(t, emulation.SetVirtualTimePolicy, setVirtualTime)
}

// only registers a command whose parameters must ask for what is the case anyway.
func only[P any](t *table, c cdproto.Command[P, cdproto.Empty], is func(P) bool, why string) {
	handle(t, c, func(_ context.Context, _ *session, p P) (cdproto.Empty, error) {
		if !is(p) {
			return none, failed("%s", why)
		}
		return none, nil
	})
}

// setVirtualTime is Emulation.setVirtualTimePolicy: with a virtual clock, a budget
// moves it on.
func setVirtualTime(_ context.Context, s *session, p emulation.SetVirtualTimePolicyParams) (emulation.SetVirtualTimePolicyResult, error) {
	c, virtual := s.server.clock.(virtualClock)
	if !virtual {
		return emulation.SetVirtualTimePolicyResult{}, failed("The engine runs on the machine's clock: start it with --virtual-time")
	}
	base := seconds(c.Now())
	if p.Policy != emulation.VirtualTimePolicyPause && p.Budget != nil {
		c.Advance(time.Duration(*p.Budget * float64(time.Millisecond)))
		emit(s, emulation.VirtualTimeBudgetExpired, emulation.EventVirtualTimeBudgetExpired{})
	}
	return emulation.SetVirtualTimePolicyResult{VirtualTimeTicksBase: base * 1000}, nil
}
