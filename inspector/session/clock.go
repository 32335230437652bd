package session

import (
	"context"
	"strings"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
)

// clockOf is Clock of swinspect.d.ts.
type clockOf struct{ c *browserContext }

func (x *clockOf) class() *class  { return clockClass }
func (x *clockOf) String() string { return "Clock" }

// control is the session that the clock is moved through.
func (x *clockOf) control(what string) (*cdp.Session, error) {
	if !x.c.has("clock") {
		return nil, &needsError{what, "clock", x.c.product()}
	}
	return x.c.control()
}

var clockClass = &class{
	name: "Clock", word: "clock", plain: true,
	methods: map[string]func(*call) goja.Value{
		"advance": func(c *call) goja.Value {
			x, by := c.this.(*clockOf), c.duration(0, "the time")
			if by < 0 {
				c.fail("time moves on, not back: %s", strings.TrimSpace(by.String()))
			}
			return c.async(func(ctx context.Context) (any, error) {
				s, err := x.control("clock.advance")
				if err != nil {
					return nil, err
				}
				now, err := cdproto.Call(ctx, s, swproto.AdvanceClock, swproto.AdvanceClockParams{By: float64(by) / float64(time.Millisecond)})
				return now.Now, err
			})
		},
		"now": func(c *call) goja.Value {
			x := c.this.(*clockOf)
			return c.async(func(ctx context.Context) (any, error) {
				s, err := x.control("clock.now")
				if err != nil {
					return nil, err
				}
				now, err := cdproto.Call(ctx, s, swproto.GetClock, cdproto.Empty{})
				return now.Now, err
			})
		},
	},
}
