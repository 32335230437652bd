package pages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// UsagePart is one part of the storage bar.
type UsagePart struct {
	Label string
	Class string  // CSS class of its fill
	Bytes float64 // share of the usage
	X, W  string  // geometry in percent of the bar
	Note  string  // "for 28 opaque answers"
	Guess string  // why the number is inferred, "" when it was told by the browser
}

// UsageBar is the storage bar: what a storage key uses of its quota and for what.
type UsageBar struct {
	Usage, Quota float64
	Parts        []UsagePart
	ReadAt       time.Time
}

// Share is the used share of the quota in words.
func (u UsageBar) Share() string {
	if u.Quota <= 0 {
		return ""
	}
	p := 100 * u.Usage / u.Quota
	switch {
	case p > 0 && p < 0.1:
		return "under 0.1 %"
	case p < 10:
		return fmt.Sprintf("%.1f %%", p)
	}
	return fmt.Sprintf("%.0f %%", p)
}

// Summary says the bar in words, for those who do not see it.
func (u UsageBar) Summary() string {
	var parts []string
	for _, p := range u.Parts {
		parts = append(parts, fmt.Sprintf("%s %s", p.Label, components.Bytes(p.Bytes)))
	}
	if len(parts) == 0 {
		return "Nothing is stored"
	}
	return fmt.Sprintf("Of %s: %s", components.Bytes(u.Usage), strings.Join(parts, ", "))
}

// usageNames are the storage types of CDP in words, with the class of their fill.
var usageNames = map[string]struct{ label, class string }{
	"cache_storage":   {"caches", "q-body"},
	"service_workers": {"scripts", "q-script"},
	"indexeddb":       {"IndexedDB", "q-idb"},
	"file_systems":    {"files", "q-file"},
	"websql":          {"WebSQL", "q-file"},
	"local_storage":   {"local storage", "q-file"},
	"other":           {"other", "q-file"},
}

// NewUsageBar lays the bar out. The padding of opaque responses is not told by
// the browser: where every body was measured it is what the caches use more
// than their bodies.
func NewUsageBar(u *inspector.Usage) *UsageBar {
	if u == nil {
		return nil
	}
	bar := &UsageBar{Usage: u.Usage, Quota: u.Quota, ReadAt: u.ReadAt}
	for _, kind := range usageKinds(u.Breakdown) {
		bytes := u.Breakdown[kind]
		if bytes <= 0 {
			continue
		}
		name, ok := usageNames[kind]
		if !ok {
			name.label, name.class = strings.ReplaceAll(kind, "_", " "), "q-file"
		}
		if kind == "cache_storage" && u.Padding > 0 && float64(u.Padding) <= bytes {
			bar.Parts = append(bar.Parts, UsagePart{
				Label: "padding", Class: "q-pad", Bytes: float64(u.Padding), Note: opaqueNote(u.Opaque),
				Guess: "what the caches use more than their measured bodies",
			})
			name.label, bytes = "bodies", bytes-float64(u.Padding)
		}
		bar.Parts = append(bar.Parts, UsagePart{Label: name.label, Class: name.class, Bytes: bytes})
	}
	layBar(bar)
	return bar
}

// usageKinds orders the breakdown: caches first, then by size.
func usageKinds(b map[string]float64) []string {
	var kinds []string
	for k := range b {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(x, y string) int {
		switch {
		case x == "cache_storage":
			return -1
		case y == "cache_storage":
			return 1
		case b[x] != b[y]:
			if b[x] > b[y] {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	return kinds
}

// layBar gives every part its stretch, at least 0.6 % so that it can be seen.
func layBar(bar *UsageBar) {
	const least, gap = 0.6, 0.2
	sum := 0.0
	for _, p := range bar.Parts {
		sum += p.Bytes
	}
	if sum == 0 {
		return
	}
	room := 100 - float64(len(bar.Parts))*(least+gap)
	x := 0.0
	for i := range bar.Parts {
		w := least + room*bar.Parts[i].Bytes/sum
		bar.Parts[i].X, bar.Parts[i].W = percent(x), percent(w)
		x += w + gap
	}
}

func percent(v float64) string { return fmt.Sprintf("%.2f%%", v) }

func opaqueNote(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "for 1 opaque answer"
	}
	return fmt.Sprintf("for %s opaque answers", components.Number(n))
}
