package devtools

import (
	"context"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/script"
)

// virtualClock is a clock that stands still unless it is moved.
type virtualClock interface {
	clock.Clock
	AdvanceTo(t time.Time)
	Next() (time.Time, bool)
}

// maxTimers bounds how many timers one advance runs.
const maxTimers = 100_000

// advance moves a virtual clock on, timer by timer: what a timer's task arms falls due
// in its turn.
func (s *Server) advance(ctx context.Context, c virtualClock, by time.Duration) {
	to := c.Now().Add(by)
	for range maxTimers {
		next, ok := c.Next()
		if !ok || next.After(to) || ctx.Err() != nil {
			break
		}
		c.AdvanceTo(next)
		s.settleAgents(ctx)
	}
	c.AdvanceTo(to)
	s.settleAgents(ctx)
}

// settleAgents waits until every agent has run the tasks it has now.
func (s *Server) settleAgents(ctx context.Context) {
	s.mu.Lock()
	agents := map[*script.Agent]bool{}
	for r := range s.realms {
		agents[r.Agent()] = true
	}
	s.mu.Unlock()
	for a := range agents {
		_ = a.Do(ctx, "settle", func() {}) // one that has ended has no tasks
	}
}

// duration is milliseconds, as far as a clock can be moved.
func duration(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), maxAdvance) * float64(time.Millisecond))
}

// maxAdvance is ten years, in milliseconds.
const maxAdvance = 10 * 365 * 24 * 3600 * 1000

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
	if p.Policy == emulation.VirtualTimePolicyPause || p.Budget == nil {
		return emulation.SetVirtualTimePolicyResult{VirtualTimeTicksBase: base * 1000}, nil
	}
	return later(s, func(ctx context.Context) (emulation.SetVirtualTimePolicyResult, error) {
		s.server.advance(ctx, c, duration(*p.Budget))
		emit(s, emulation.VirtualTimeBudgetExpired, emulation.EventVirtualTimeBudgetExpired{})
		return emulation.SetVirtualTimePolicyResult{VirtualTimeTicksBase: base * 1000}, nil
	})
}
