package inspector

import "strings"

// ParseStorageKey reads a storage key as Chromium serialises it
// (blink::StorageKey::Serialize): "https://a.example/" is first party,
// "https://w.example/^0https://news.example" is w.example under a top-level
// site. Other attributes ("^3" ancestor bit, nonces "^1…^2…") make no top-level
// site of their own.
func ParseStorageKey(raw string) StorageKey {
	k := StorageKey{Raw: raw, Known: Seen}
	origin, attributes, _ := strings.Cut(raw, "^")
	k.Origin = strings.TrimSuffix(origin, "/")
	if strings.HasPrefix(attributes, "0") {
		site, _, _ := strings.Cut(attributes[1:], "^")
		k.TopLevelSite = site
	} else if strings.HasPrefix(attributes, "31") {
		// Only the ancestor bit: same site, but below a cross-site frame.
		k.TopLevelSite = k.Origin
	}
	return k
}

// firstPartyKey is the key a registration has unless it is partitioned.
func firstPartyKey(scope string) StorageKey {
	o := originOf(scope)
	if o == "" {
		return StorageKey{Known: Inferred}
	}
	return StorageKey{Raw: o + "/", Origin: o, Known: Inferred}
}

// originOf is the origin of a URL without trailing slash, "" when it has none.
func originOf(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || scheme == "" {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	if i := strings.IndexAny(host, "?#"); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if host == "" {
		return ""
	}
	return raw[:len(scheme)+len("://")] + host
}

const twinDoubt = "another live registration has this scope: which of them is partitioned is not known until its storage key is read"

// doubt looks again at the storage keys of the live registrations that share
// r's scope and context: at most one of them can be first party, so an inferred
// key beside another one of unknown key is in doubt.
func (f *fold) doubt(r *Registration) {
	var twins []*Registration
	unknown, firstParty := 0, false
	for _, o := range f.s.Registrations {
		if o.Scope != r.Scope || o.Key.Instance != r.Key.Instance || o.Key.Context != r.Key.Context || !o.Alive() {
			continue
		}
		twins = append(twins, o)
		if o.StorageKey.Known == Inferred && !o.keyEvident {
			unknown++
		} else if !o.StorageKey.Partitioned() {
			firstParty = true
		}
	}
	for _, o := range twins {
		why := ""
		switch {
		case o.StorageKey.Known != Inferred || o.keyEvident:
		case firstParty:
			why = "the first-party registration of this scope is another one: this one is partitioned, under which site is not known until its storage key is read"
		case unknown > 1:
			why = twinDoubt
		}
		if o.StorageKey.Doubt != why {
			f.registration(o.Key).StorageKey.Doubt = why
		}
	}
}

func (f *fold) storageKey(n NoteStorageKey) {
	if n.TargetID != "" {
		f.targetStorageKey(n)
	}
	r := f.s.Registration(n.Registration)
	if r == nil || n.StorageKey == "" || (r.StorageKey.Raw == n.StorageKey && r.StorageKey.Known == Seen) {
		return
	}
	w := f.registration(n.Registration)
	w.StorageKey = ParseStorageKey(n.StorageKey)
	w.slug = w.newHash(f.s)
	f.change(Change{Kind: ChangeFacts, Registration: n.Registration, What: "storage key read: " + n.StorageKey})
	f.doubt(w)
}

// inferNewKey concludes the storage key of a registration that was just made: a
// client of its origin made it, so when all clients of that origin have one key
// it is that one.
func (f *fold) inferNewKey(r *Registration) {
	key := ""
	for _, t := range f.s.Targets {
		if t.Key.Instance != r.Key.Instance || t.Context != r.Key.Context || t.Own || !isClientType(t.Type) ||
			originOf(t.URL) != r.StorageKey.Origin {
			continue
		}
		switch k := f.s.keyOf(t); {
		case k == "" || (key != "" && k != key):
			f.inferFromTwin(r)
			return
		default:
			key = k
		}
	}
	f.concludeKey(r, key)
}

// inferFromTwin: there are clients of several keys. When the first-party
// registration of this scope is there already, and one partitioned key is left,
// it is that.
func (f *fold) inferFromTwin(r *Registration) {
	taken := map[string]bool{}
	for _, o := range f.s.Registrations {
		if o.Key != r.Key && o.Scope == r.Scope && o.Key.Instance == r.Key.Instance && o.Key.Context == r.Key.Context && o.Alive() {
			taken[o.StorageKey.Raw] = true
		}
	}
	left := ""
	for _, t := range f.s.Targets {
		if t.Key.Instance != r.Key.Instance || t.Context != r.Key.Context || t.Own || !isClientType(t.Type) ||
			originOf(t.URL) != r.StorageKey.Origin {
			continue
		}
		k := f.s.keyOf(t)
		if k == "" || (!taken[k] && left != "" && left != k) {
			return
		}
		if !taken[k] {
			left = k
		}
	}
	if len(taken) > 0 {
		f.concludeKey(r, left)
	}
}

// inferKey concludes a registration's storage key from the clients one of its
// versions controls: they share it.
func (f *fold) inferKey(r *Registration, v *Version) {
	if r.StorageKey.Known == Seen || r.keyEvident {
		return
	}
	for _, id := range v.Clients {
		t := f.s.Target(TargetKey{r.Key.Instance, id})
		if t != nil && originOf(t.URL) == r.StorageKey.Origin {
			f.concludeKey(r, f.s.keyOf(t))
			return
		}
	}
}

func (f *fold) concludeKey(r *Registration, key string) {
	if key == "" || r.StorageKey.Known == Seen {
		return
	}
	r = f.registration(r.Key)
	r.StorageKey, r.keyEvident = ParseStorageKey(key), true
	r.StorageKey.Known = Inferred
	r.slug = r.newHash(f.s)
	f.doubt(r)
}
