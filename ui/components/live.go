package components

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/a-h/templ"
)

// Fragments collects the live parts of a page while it is rendered: the stream
// renders the same page again, collects, and sends what differs from what it
// sent before. It belongs to one rendering and is not safe for concurrent use.
type Fragments struct {
	IDs  []string          // in page order
	HTML map[string][]byte // by id
	// Now is the time that the page is as of; zero: the present.
	Now   time.Time
	depth int
}

// NowOr is the time that the page is as of, or the present when it says none.
func (f *Fragments) NowOr(now time.Time) time.Time {
	if f.Now.IsZero() {
		return now
	}
	return f.Now
}

// AsOf says as of which time the page is, when it is rendered for the stream.
func AsOf(ctx context.Context, t time.Time) {
	if f, _ := ctx.Value(fragmentsKey{}).(*Fragments); f != nil {
		f.Now = t
	}
}

type fragmentsKey struct{}

// WithFragments returns a context under which [Live] collects into f.
func WithFragments(ctx context.Context, f *Fragments) context.Context {
	return context.WithValue(ctx, fragmentsKey{}, f)
}

// Streaming reports whether the page is being rendered for the stream, where
// running ages are left to the page's own clock.
func Streaming(ctx context.Context) bool {
	f, _ := ctx.Value(fragmentsKey{}).(*Fragments)
	return f != nil
}

// Live marks its children as a part that the stream keeps up to date. The
// children must be one element whose id is the given one. A Live inside a Live
// belongs to the outer one.
func Live(id string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		children := templ.GetChildren(ctx)
		ctx = templ.ClearChildren(ctx)
		f, _ := ctx.Value(fragmentsKey{}).(*Fragments)
		if f == nil || f.depth > 0 {
			return children.Render(ctx, w)
		}
		var part bytes.Buffer
		f.depth++
		err := children.Render(ctx, &part)
		f.depth--
		if err != nil {
			return err
		}
		if f.HTML == nil {
			f.HTML = map[string][]byte{}
		}
		if _, twice := f.HTML[id]; !twice {
			f.IDs = append(f.IDs, id)
		}
		f.HTML[id] = part.Bytes()
		return nil
	})
}
