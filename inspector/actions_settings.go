package inspector

import (
	"context"
	"fmt"
)

func runUpdateOnReload(ctx context.Context, at *attempt) result {
	if err := at.w.setForce(ctx, at.a.On); err != nil {
		return failure(err)
	}
	on := at.a.On
	at.l.note(at.w.context, NoteSettings{UpdateOnReload: &on})
	return confirmed("update on reload is %s", onOff(on))
}

func runBypass(_ context.Context, at *attempt) result {
	on := at.a.On
	n, err := at.w.set(func(s *settings) { s.bypass = on })
	return at.applied("bypass for network", NoteSettings{BypassForNetwork: &on}, n, err)
}

func runOffline(_ context.Context, at *attempt) result {
	on := at.a.On
	n, err := at.w.set(func(s *settings) { s.offline = on })
	return at.applied("offline", NoteSettings{Offline: &on}, n, err)
}

// applied is the result of a setting that lives in every page's session. A target
// that comes later runs before it is attached to and covered.
func (at *attempt) applied(what string, n NoteSettings, reached int, err error) result {
	at.l.note(at.w.context, n)
	if err != nil {
		return failed("%s is %s, but not everywhere: %s", what, onOff(at.a.On), words(err))
	}
	if !at.a.On {
		return confirmed("%s is off", what)
	}
	return confirmed("%s is on in %s; one that starts later is covered a moment after it starts, so its first requests may still go out", what, counted(reached, "page or worker", "pages and workers"))
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
