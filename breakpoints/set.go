package breakpoints

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Set is a project's breakpoints. It is safe for concurrent use, and by several
// processes at once: each change is made to what the file says at that moment.
type Set struct {
	mu      sync.Mutex
	file    *file // nil: only in memory
	list    []Breakpoint
	last    int // id given out last
	changed chan struct{}
}

// NewSet makes an empty set that lives in memory.
func NewSet() *Set { return &Set{changed: make(chan struct{})} }

// OpenSet reads the project's file, if there is one: .swinspect/breakpoints.json when that
// folder exists in dir or above, else one in the user's state directory that is named
// after the project. Changes are written back. A file that cannot be read is an error,
// never overwritten.
func OpenSet(dir string) (*Set, error) {
	path, err := projectFile(dir)
	if err != nil {
		return nil, err
	}
	s := NewSet()
	s.file = &file{path: path}
	if _, err := s.Refresh(); err != nil {
		return nil, err
	}
	return s, nil
}

// Path is the file that the set is kept in, "" for one in memory.
func (s *Set) Path() string {
	if s.file == nil {
		return ""
	}
	return s.file.path
}

// Refresh takes over what other processes wrote, and reports whether that changed
// anything. Whoever shows a set calls it now and then.
func (s *Set) Refresh() (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return false, nil
	}
	stored, fresh, err := s.file.readIfChanged()
	if err != nil || !fresh {
		return false, err
	}
	return s.take(stored), nil
}

// Add checks a breakpoint and adds it under a new id. An *InvalidError says what is
// wrong: also that there is one already that stops at the same in the same way.
func (s *Set) Add(b Breakpoint) (Breakpoint, error) { return s.add(b, true) }

// AddOwn is Add for one of several owners of breakpoints in a set, each with its own: an
// equal one of another's is no error.
func (s *Set) AddOwn(b Breakpoint) (Breakpoint, error) { return s.add(b, false) }

func (s *Set) add(b Breakpoint, single bool) (Breakpoint, error) {
	b, err := Check(b)
	if err != nil {
		return b, err
	}
	err = s.update(func(c *contents) error {
		if twin := c.twin(b); single && twin != nil {
			return already(twin)
		}
		c.Last++
		b.ID = strconv.Itoa(c.Last)
		c.Breakpoints = append(c.Breakpoints, b)
		return nil
	})
	return b, err
}

// Update replaces the breakpoint with b's id. An unknown id is an *UnknownError.
func (s *Set) Update(b Breakpoint) error {
	b, err := Check(b)
	if err != nil {
		return err
	}
	return s.update(func(c *contents) error {
		i := c.index(b.ID)
		if i < 0 {
			return &UnknownError{IDs: []string{b.ID}}
		}
		c.Breakpoints[i] = b
		return nil
	})
}

// Remove takes breakpoints away: all of them, or none when some are unknown, which an
// *UnknownError names.
func (s *Set) Remove(ids ...string) error {
	return s.update(func(c *contents) error {
		var unknown []string
		for _, id := range ids {
			if c.index(id) < 0 {
				unknown = append(unknown, id)
			}
		}
		if len(unknown) > 0 {
			return &UnknownError{IDs: unknown}
		}
		c.Breakpoints = slices.DeleteFunc(c.Breakpoints, func(b Breakpoint) bool { return slices.Contains(ids, b.ID) })
		return nil
	})
}

// Describe notes what the lines of breakpoints said when they were set (see
// [LineAt].Text), of those that do not know it yet. That it could not be written is no
// error: it is done again.
func (s *Set) Describe(text map[string]string) {
	if len(text) == 0 {
		return
	}
	_ = s.update(func(c *contents) error {
		for i, b := range c.Breakpoints {
			if said := text[b.ID]; said != "" && b.Line != nil && b.Line.Text == "" && len(said) <= maxPatternLength {
				b.Line = copied(b.Line)
				b.Line.Text = said
				c.Breakpoints[i] = b
			}
		}
		return nil
	})
}

// All lists them in the order of their ids.
func (s *Set) All() []Breakpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneAll(s.list)
}

// Get finds one by its id.
func (s *Set) Get(id string) (Breakpoint, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.list {
		if b.ID == id {
			return b.clone(), true
		}
	}
	return Breakpoint{}, false
}

// Changed is closed at the next change; level-triggered.
func (s *Set) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Export is the set as JSON, as the project's file has it.
func (s *Set) Export() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return contents{Format: formatVersion, Last: s.last, Breakpoints: s.list}.encode()
}

// Import adds the breakpoints of an exported file under new ids, or with replace puts
// them in the place of all others, and returns those that were added: one that is there
// already is left out. All of them are checked first: it is all or nothing.
func (s *Set) Import(data []byte, replace bool) ([]Breakpoint, error) {
	in, err := decode(data)
	if err != nil {
		return nil, err
	}
	var added []Breakpoint
	err = s.update(func(c *contents) error {
		if replace {
			c.Breakpoints = nil
		}
		added = nil
		for _, b := range in.Breakpoints {
			if c.twin(b) != nil {
				continue
			}
			c.Last++
			b.ID = strconv.Itoa(c.Last)
			c.Breakpoints = append(c.Breakpoints, b)
			added = append(added, b.clone())
		}
		return nil
	})
	return added, err
}

// update changes the set: in memory, or in the file as it is at that moment.
func (s *Set) update(change func(*contents) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		c := contents{Last: s.last, Breakpoints: cloneAll(s.list)}
		if err := change(&c); err != nil {
			return err
		}
		s.take(c)
		return nil
	}
	c, err := s.file.update(change)
	if err != nil {
		return err
	}
	s.take(c)
	return nil
}

// take makes contents the set's own. The caller holds the lock.
func (s *Set) take(c contents) bool {
	slices.SortStableFunc(c.Breakpoints, func(a, b Breakpoint) int { return number(a.ID) - number(b.ID) })
	s.last = c.Last
	if slices.EqualFunc(s.list, c.Breakpoints, same) {
		return false
	}
	s.list = cloneAll(c.Breakpoints)
	close(s.changed)
	s.changed = make(chan struct{})
	return true
}

func number(id string) int {
	n, err := strconv.Atoi(id)
	if err != nil {
		return 1 << 30
	}
	return n
}

// same compares what is stored.
func same(a, b Breakpoint) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(x) == string(y)
}

func cloneAll(list []Breakpoint) []Breakpoint {
	out := make([]Breakpoint, len(list))
	for i, b := range list {
		out[i] = b.clone()
	}
	return out
}

func (b Breakpoint) clone() Breakpoint {
	b.Line, b.Event, b.Lifecycle = copied(b.Line), copied(b.Event), copied(b.Lifecycle)
	b.Fetch, b.Cache, b.Exception = copied(b.Fetch), copied(b.Cache), copied(b.Exception)
	return b
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// InvalidError names a field of a breakpoint and what is wrong with it.
type InvalidError struct{ Field, Problem string }

func (e *InvalidError) Error() string { return "breakpoint: " + e.Field + ": " + e.Problem }

// UnknownError names breakpoints that there are not.
type UnknownError struct{ IDs []string }

func (e *UnknownError) Error() string {
	if len(e.IDs) == 1 {
		return "no breakpoint " + e.IDs[0]
	}
	return "no breakpoints " + strings.Join(e.IDs, ", ")
}

// errFormat is what is wrong with a file.
func errFormat(err error) error {
	const no = "it is no list of breakpoints as `swinspect break export` writes it"
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return fmt.Errorf(no+": %w", err)
	case wrong.Field == "":
		return errors.New(no)
	}
	return fmt.Errorf(no+": its %s is of another kind, %s", wrong.Field, wrong.Value)
}
