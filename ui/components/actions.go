package components

import (
	"slices"

	"github.com/swinspect/swinspect/inspector"
)

// act is an action on a registration.
func act(kind inspector.ActionKind, r *inspector.Registration) inspector.Action {
	return inspector.Action{Kind: kind, Registration: r.Key}
}

// clearData clears what the origin of a registration keeps in its context.
func clearData(h *Head) inspector.Action {
	r := h.Registration
	return inspector.Action{
		Kind: inspector.ClearSiteData, Registration: r.Key, Context: r.Key.Context,
		Storage: inspector.StorageRef{Instance: r.Key.Instance, Context: r.Key.Context, StorageKey: r.StorageKey.Raw},
	}
}

// clearWords say what clearing takes along.
func clearWords(h *Head) string {
	k := h.Registration.StorageKey
	if k.Partitioned() {
		return "The registrations, caches and databases of " + h.Origin + " embedded in " + k.TopLevelSite +
			" are removed; those of the site itself and of other embedders stay. This cannot be undone."
	}
	return "All registrations, caches, databases and cookies of " + h.Origin + " in this browser context are removed. This cannot be undone."
}

// Reachable tells whether the protocol can start a registration's worker and
// send it events: it names them by scope or origin, which means the first party.
func Reachable(r *inspector.Registration) bool { return !r.StorageKey.Partitioned() }

// Destructive tells whether an action asks first.
func Destructive(k inspector.ActionKind) bool {
	return k == inspector.Unregister || k == inspector.ClearSiteData || k == inspector.DeleteCache
}

// usedTags are the tags that were dispatched before, newest first.
func usedTags(s *inspector.State, kind inspector.ActionKind) []string {
	var tags []string
	for _, r := range slices.Backward(s.Receipts) {
		if r.Action.Kind == kind && r.Action.Tag != "" && !slices.Contains(tags, r.Action.Tag) {
			tags = append(tags, r.Action.Tag)
		}
	}
	return tags
}
