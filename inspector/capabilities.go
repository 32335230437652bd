package inspector

// Capabilities is what a backend can do, found out by asking it, never by what
// kind of backend it is.
type Capabilities struct {
	Watch   bool   // every browser context is watched
	Problem string // why not
}

// Capabilities says what can be done with the browser as of now.
func (b *Browser) Capabilities() Capabilities {
	l, err := b.current()
	if err != nil {
		return Capabilities{Problem: words(err)}
	}
	for _, w := range l.allWatchers() {
		if p := w.problemText(); p != "" {
			return Capabilities{Problem: p}
		}
	}
	return Capabilities{Watch: true}
}
