package script

// A story is what script runs on behalf of: the number of the event that began it.
// It follows promises, timers and microtasks, as the context of AsyncContext does,
// so that a cache lookup behind three awaits is still told of the fetch event it
// belongs to, whatever other events the worker handles in between.

// Story is the story of the script that runs now; 0 for none. For the loop alone.
func (a *Agent) Story() uint64 {
	if a.story == nil {
		return 0
	}
	return *a.story
}

// WithStory runs f, on the loop, as part of a story.
func (a *Agent) WithStory(story uint64, f func()) {
	outer := a.story
	a.story = &story
	if story == 0 {
		a.story = nil
	}
	defer func() { a.story = outer }()
	f()
}

// Later is run on behalf of what runs now, whenever that is; to a debugger, description
// says how it came to run: "setTimeout". For the loop alone.
func (a *Agent) Later(description string, run func()) func() {
	story := a.Story()
	in := run
	if story != 0 {
		in = func() { a.WithStory(story, run) }
	}
	d := a.Debugger()
	if d == nil {
		return in
	}
	j := &job{stack: d.stackNow(description)}
	return func() {
		outer := d.job
		d.job = j
		defer func() { d.job = outer }()
		in()
	}
}

// stories is the goja.AsyncContextTracker of an agent: a reaction runs in the story
// in which it was added. Jobs run when the outermost call into goja returns, never
// one within another.
type stories struct {
	agent *Agent
	outer *uint64
}

func (s *stories) Grab() any {
	if d := s.agent.Debugger(); d != nil {
		return d.grab(s.agent.story)
	}
	return s.agent.story
}

func (s *stories) Resumed(story any) {
	s.outer = s.agent.story
	if j, ok := story.(*job); ok {
		d := s.agent.Debugger()
		d.vacate()
		d.job, story = j, j.story
	}
	s.agent.story, _ = story.(*uint64)
}

func (s *stories) Exited() {
	s.agent.story, s.outer = s.outer, nil
	if d := s.agent.Debugger(); d != nil {
		d.job = nil
	}
}
