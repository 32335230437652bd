package inspector

import (
	"cmp"
	"slices"
)

// Copy on write: a State shares with its predecessor whatever a message did not
// touch. Slices are copied once per Apply (fold.copied), elements once per
// Apply too: their rev is the Seq of the State they were copied for, and only
// elements of the successor under construction can carry its Seq.

// own copies a slice on the first touch in this Apply.
func own[T any](s *[]T, copied *bool) {
	if !*copied {
		*s = slices.Clone(*s)
		*copied = true
	}
}

// registration hands out a writable registration, nil when there is none.
func (f *fold) registration(k RegistrationKey) *Registration {
	i, ok := findRegistration(f.s.Registrations, k)
	if !ok {
		return nil
	}
	r := f.s.Registrations[i]
	if r.rev == f.s.Seq {
		return r
	}
	own(&f.s.Registrations, &f.copied.registrations)
	c := *r
	c.rev = f.s.Seq
	c.Versions = slices.Clone(r.Versions)
	f.s.Registrations[i] = &c
	return &c
}

// addRegistration inserts r in its place.
func (f *fold) addRegistration(r *Registration) *Registration {
	own(&f.s.Registrations, &f.copied.registrations)
	i, _ := findRegistration(f.s.Registrations, r.Key)
	r.rev = f.s.Seq
	f.s.Registrations = slices.Insert(f.s.Registrations, i, r)
	return r
}

// version hands out a writable version of a registration, nil when there is
// none.
func (f *fold) version(k RegistrationKey, id string) *Version {
	old := f.s.Registration(k)
	if old == nil || old.Version(id) == nil {
		return nil
	}
	r := f.registration(k)
	for i, v := range r.Versions {
		if v.ID != id {
			continue
		}
		if v.rev != f.s.Seq {
			c := *v
			c.rev = f.s.Seq
			v = &c
			r.Versions[i] = v
		}
		return v
	}
	return nil
}

// context hands out a writable context; an unknown one is added.
func (f *fold) context(instance, id string) *Context {
	i, ok := slices.BinarySearchFunc(f.s.Contexts, [2]string{instance, id}, func(c *Context, k [2]string) int {
		return cmp.Or(cmp.Compare(c.Instance, k[0]), cmp.Compare(c.ID, k[1]))
	})
	if ok && f.s.Contexts[i].rev == f.s.Seq {
		return f.s.Contexts[i]
	}
	own(&f.s.Contexts, &f.copied.contexts)
	if !ok {
		c := &Context{Instance: instance, ID: id, rev: f.s.Seq}
		f.nameContext(c, false)
		f.s.Contexts = slices.Insert(f.s.Contexts, i, c)
		return c
	}
	c := *f.s.Contexts[i]
	c.rev = f.s.Seq
	f.s.Contexts[i] = &c
	return &c
}

// setTarget puts t in its place, over the one of the same key.
func (f *fold) setTarget(t *Target) {
	own(&f.s.Targets, &f.copied.targets)
	i, ok := findTarget(f.s.Targets, t.Key)
	if ok {
		f.s.Targets[i] = t
		return
	}
	f.s.Targets = slices.Insert(f.s.Targets, i, t)
}

// dropTarget removes a target and returns it, nil when it was not there.
func (f *fold) dropTarget(k TargetKey) *Target {
	i, ok := findTarget(f.s.Targets, k)
	if !ok {
		return nil
	}
	t := f.s.Targets[i]
	own(&f.s.Targets, &f.copied.targets)
	f.s.Targets = slices.Delete(f.s.Targets, i, i+1)
	return t
}

func findRegistration(rs []*Registration, k RegistrationKey) (int, bool) {
	return slices.BinarySearchFunc(rs, k, func(r *Registration, k RegistrationKey) int {
		return compareKeys(r.Key, k)
	})
}

func findTarget(ts []*Target, k TargetKey) (int, bool) {
	return slices.BinarySearchFunc(ts, k, func(t *Target, k TargetKey) int {
		return cmp.Or(cmp.Compare(t.Key.Instance, k.Instance), cmp.Compare(t.Key.ID, k.ID))
	})
}

// compareKeys orders registrations by instance, context and id; ids are
// numbers, so shorter ones come first.
func compareKeys(a, b RegistrationKey) int {
	return cmp.Or(
		cmp.Compare(a.Instance, b.Instance),
		cmp.Compare(a.Context, b.Context),
		cmp.Compare(len(a.ID), len(b.ID)),
		cmp.Compare(a.ID, b.ID),
	)
}
