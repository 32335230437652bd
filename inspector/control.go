package inspector

import (
	"fmt"

	"github.com/swinspect/swinspect/cdp"
)

// Control is the session that a browser context is watched through, on a target that
// nobody sees: for commands that only the session of a page has and that are about its
// context. Nothing may be switched off in it. It is good until the link is lost.
func (b *Browser) Control(browserContext string) (*cdp.Session, error) {
	l, err := b.current()
	if err != nil {
		return nil, err
	}
	w := l.watcher(browserContext)
	if w == nil {
		return nil, fmt.Errorf("inspector: the browser context %q is not watched", browserContext)
	}
	return w.main()
}
