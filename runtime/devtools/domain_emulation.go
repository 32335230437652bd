package devtools

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"github.com/swinspect/swinspect/runtime/clock"
)

// virtualClock is a clock that stands still unless it is moved.
type virtualClock interface {
	clock.Clock
	Advance(d time.Duration)
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
