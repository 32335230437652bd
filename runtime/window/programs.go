package window

import (
	"crypto/sha256"
	"sync"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/window/transform"
)

// programs are the rewritten scripts that are kept, by URL and text.
type programs struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*transform.Script
	bytes int
}

// maxProgramBytes bounds the source text of what is kept.
const maxProgramBytes = 64 << 20

var compiled = programs{known: map[[sha256.Size]byte]*transform.Script{}}

func (p *programs) get(url, source string) (*transform.Script, error) {
	h := sha256.New()
	h.Write([]byte(url))
	h.Write([]byte{0})
	h.Write([]byte(source))
	key := [sha256.Size]byte(h.Sum(nil))
	p.mu.Lock()
	s := p.known[key]
	p.mu.Unlock()
	if s != nil {
		return s, nil
	}
	tree, err := script.Parse(url, source)
	if err != nil {
		return nil, err
	}
	if s, err = transform.Rewrite(tree); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes += len(source); p.bytes > maxProgramBytes {
		clear(p.known)
		p.bytes = len(source)
	}
	p.known[key] = s
	return s, nil
}
