package inspector

import "reflect"

// scripts takes over the scripts of a version, read through its own session.
func (f *fold) scripts(n NoteScripts) {
	v := f.version(n.Registration, n.Version)
	if v == nil {
		return
	}
	v.Scripts = n.Scripts[:0:0]
	for _, s := range n.Scripts {
		if s != nil {
			v.Scripts = append(v.Scripts, s)
		}
	}
	f.change(Change{Kind: ChangeFacts, Registration: n.Registration, Version: n.Version, What: "scripts read"})
}

func (f *fold) registrationFacts(n NoteRegistrationFacts) {
	old := f.s.Registration(n.Registration)
	if old == nil {
		return
	}
	next := *old
	if n.UpdateViaCache != "" {
		next.UpdateViaCache = n.UpdateViaCache
	}
	if n.NavigationPreload != nil {
		next.NavigationPreload = n.NavigationPreload
	}
	if next.UpdateViaCache == old.UpdateViaCache && reflect.DeepEqual(next.NavigationPreload, old.NavigationPreload) {
		return
	}
	r := f.registration(n.Registration)
	r.UpdateViaCache, r.NavigationPreload = next.UpdateViaCache, next.NavigationPreload
	f.change(Change{Kind: ChangeFacts, Registration: n.Registration, What: "updateViaCache and navigation preload read"})
}
