package script

import (
	"fmt"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// defaultMemory is what scripts of a process may use when nobody has set Go's own
// limit, in bytes.
const defaultMemory = 4 << 30

// memoryCheck is how often a task that computes is asked what memory there is.
const memoryCheck = 100 * time.Millisecond

// MemoryError is a task that computed while the process had no memory left.
type MemoryError struct {
	Limit  int64 // bytes
	Source string
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("%s went on when %d MiB of memory were in use", e.Source, e.Limit>>20)
}

// meter knows the memory of the process. Safe for concurrent use.
type meter struct {
	mu     sync.Mutex
	sample []metrics.Sample
	freed  time.Time
}

var memory = meter{sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}

func (m *meter) limit() int64 {
	if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
		return n
	}
	return defaultMemory
}

// used is the size of the objects on the heap, those included that nobody needs.
func (m *meter) used() int64 {
	metrics.Read(m.sample)
	return int64(m.sample[0].Value.Uint64())
}

// room reports whether as many bytes may be allocated. Garbage is collected first
// when they seem too many, once a second at most.
func (m *meter) room(bytes int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used()+bytes <= m.limit() {
		return true
	}
	if time.Since(m.freed) > time.Second {
		debug.FreeOSMemory()
		m.freed = time.Now()
	}
	return m.used()+bytes <= m.limit()
}
