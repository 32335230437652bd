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
