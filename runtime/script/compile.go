package script

import (
	"container/list"
	"crypto/sha256"
	"sync"

	"github.com/dop251/goja"
)

// maxProgramBytes is how much source the compiled programs that are kept may have.
const maxProgramBytes = 64 << 20

// Compile parses and compiles a classic script (see Parse). Programs are shared by
// all agents and kept by content: a worker that starts again is not compiled again.
// The error is a *goja.CompilerSyntaxError.
func Compile(url string, source []byte) (*goja.Program, error) {
	key := programKey{url, "script", sha256.Sum256(source)}
	if p := programs.get(key); p != nil {
		return p, nil
	}
	tree, err := Parse(url, string(source))
	if err != nil {
		return nil, err
	}
	if mayEval(string(source)) {
		guardMentions(tree)
	}
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, err
	}
	programs.put(key, p, len(source))
	return p, nil
}

type programKey struct {
	url, kind string
	sum       [sha256.Size]byte
}

// programCache keeps the programs used last. Safe for concurrent use.
type programCache struct {
	mu      sync.Mutex
	entries map[programKey]*list.Element
	recent  list.List // of *cachedProgram, the last used in front
	bytes   int
}

type cachedProgram struct {
	key     programKey
	program *goja.Program
	bytes   int
}

var programs = programCache{entries: map[programKey]*list.Element{}}

func (c *programCache) get(key programKey) *goja.Program {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cachedProgram).program
}

func (c *programCache) put(key programKey, p *goja.Program, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; ok || bytes > maxProgramBytes {
		return
	}
	c.entries[key] = c.recent.PushFront(&cachedProgram{key, p, bytes})
	for c.bytes += bytes; c.bytes > maxProgramBytes; {
		last := c.recent.Remove(c.recent.Back()).(*cachedProgram)
		delete(c.entries, last.key)
		c.bytes -= last.bytes
	}
}
