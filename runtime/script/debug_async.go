package script

import (
	"slices"

	"github.com/dop251/goja"
)

// job is a promise reaction, or something else that runs later: what it runs on behalf of, and where it was made.
type job struct {
	story *uint64
	stack *jobStack
	// awaits says that a function goes on behind an await.
	awaits bool
}

// jobStack is the stack at which a reaction was made. It never changes.
type jobStack struct {
	description string
	frames      []goja.StackFrame
	parent      *jobStack
	length      int
}

const (
	maxJobFrames = 16
	maxJobStacks = 8
)

// grab is what a reaction that is made now is to carry; on the loop.
func (d *Debugger) grab(story *uint64) *job {
	top := d.agent.rt.CaptureCallStack(1, nil)
	if len(top) == 0 && d.job != nil {
		return &job{story, d.job.stack, true} // the next await of a function that awaited before
	}
	j := &job{story: story, stack: d.stackNow("await")}
	switch {
	case len(top) == 0:
	case top[0].SrcName() == "<native>":
		j.stack.description = "Promise." + top[0].FuncName()
	default:
		j.stack.frames, j.awaits = j.stack.frames[1:], true // without the function that awaits
	}
	return j
}

// stackNow is the stack of what runs now, for what it makes to run later.
func (d *Debugger) stackNow(description string) *jobStack {
	s := &jobStack{description: description, frames: d.agent.rt.CaptureCallStack(maxJobFrames, nil), length: 1}
	if d.job != nil {
		if parent := d.job.stack; parent.length < maxJobStacks {
			s.parent, s.length = parent, parent.length+1
		}
	}
	return s
}

// after describes a stack as the one behind first, which may be nil.
func (s *jobStack) after(d *Debugger, first *AsyncStack) *AsyncStack {
	var list []*AsyncStack
	if first != nil && len(first.Frames) > 0 {
		list = append(list, first)
	}
	for ; s != nil; s = s.parent {
		one := &AsyncStack{Description: s.description}
		for i := range s.frames {
			if f := d.locate(rawOf(&s.frames[i])); f != nil {
				f.Index = len(one.Frames)
				one.Frames = append(one.Frames, f)
			}
		}
		if len(one.Frames) > 0 && (len(list) == 0 || !sameFrames(list[len(list)-1], one)) {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return nil
	}
	for i := range list[1:] {
		list[i].Parent = list[i+1]
	}
	return list[0]
}

// sameFrames reports two stacks that begin in the same functions.
func sameFrames(a, b *AsyncStack) bool {
	n := min(len(a.Frames), len(b.Frames))
	return slices.EqualFunc(a.Frames[:n], b.Frames[:n], func(x, y *Frame) bool {
		return x.run == y.run && x.function == y.function && x.run != nil
	})
}
