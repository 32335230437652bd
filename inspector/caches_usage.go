package inspector

import (
	"context"
	"fmt"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
)

// measureAtMost is how many entries Usage reads to tell bodies from padding.
const measureAtMost = 1000

// Usage reads the usage and quota of a storage key, and how much of what its
// caches use is bodies: all of them are listed and measured when they are few,
// else only what was read before counts and Padding is -1. The rest is what
// Chromium adds: padding of opaque responses, headers, its own records.
func (b *Browser) Usage(ctx context.Context, ref StorageRef) (*Usage, error) {
	p, err := b.storagePlace(ref)
	if err != nil {
		return nil, err
	}
	u, err := p.usage(ctx)
	if err != nil {
		return nil, fmt.Errorf("inspector: usage of %s: %w", ref.StorageKey, err)
	}
	all := true
	st, err := b.Caches(ctx, ref, false)
	if err != nil {
		st, all = &Storage{}, false
	}
	for _, c := range st.Caches {
		l := b.measured(ctx, CacheRef{ref, c.Name})
		if l == nil {
			all = false
			continue
		}
		for i := range l.Entries {
			e := &l.Entries[i]
			if e.Size < 0 {
				all = false
			} else {
				u.Bodies += e.Size
			}
			if strings.HasPrefix(e.Type, "opaque") {
				u.Opaque++
			}
		}
	}
	u.Padding = -1
	if total, ok := u.Breakdown["cache_storage"]; ok && all && len(st.Buckets) == 0 {
		u.Padding = max(0, int64(total)-u.Bodies)
	}
	u.ReadAt = b.now()
	p.l.note(ref.Context, NoteUsage{Ref: ref, Usage: *u})
	return u, nil
}

// measured is the listing of a cache with the sizes of its bodies, nil when it
// cannot be had or is too long to be read unasked.
func (b *Browser) measured(ctx context.Context, ref CacheRef) *Listing {
	l := b.store.fresh(b.State(), ref)
	if l == nil && b.manyEntries(ctx, ref) {
		return nil
	}
	l, err := b.Entries(ctx, ref, false)
	if err != nil || l.TooBig {
		return nil
	}
	if len(l.Entries) > measureAtMost {
		return l
	}
	if err := b.Measure(ctx, ref, nil); err != nil {
		return l
	}
	if l, err = b.Entries(ctx, ref, false); err != nil {
		return nil
	}
	return l
}

const countScript = `async (bucket, name) => {` + openCache + `
	try { return { Count: (await cache.keys()).length }; } catch (e) { return { Count: -1 }; }
}`

// manyEntries reports whether a cache is too long to be read unasked.
func (b *Browser) manyEntries(ctx context.Context, ref CacheRef) bool {
	p, err := b.storagePlace(ref.StorageRef)
	if err != nil {
		return true
	}
	f, release, err := p.w.frameOf(ctx, p.key)
	if err != nil {
		return true
	}
	defer release()
	var answer struct {
		Missing string
		Count   int
	}
	if err := f.eval(ctx, &answer, countScript, ref.Bucket, ref.Name); err != nil {
		return true
	}
	return answer.Count < 0 || answer.Count > measureAtMost
}

// estimateNames are the names of StorageManager.estimate in those of CDP.
var estimateNames = map[string]string{
	"caches":                     "cache_storage",
	"indexedDB":                  "indexeddb",
	"serviceWorkerRegistrations": "service_workers",
	"fileSystem":                 "file_systems",
}

// usage reads usage and quota: over CDP, which knows origins only, or in a frame
// of the partition.
func (p *storagePlace) usage(ctx context.Context) (*Usage, error) {
	u := &Usage{Breakdown: map[string]float64{}}
	if !p.key.Partitioned() {
		main, err := p.w.main()
		if err != nil {
			return nil, err
		}
		res, err := cdproto.Call(ctx, main, storage.GetUsageAndQuota, storage.GetUsageAndQuotaParams{Origin: p.key.Origin})
		if err != nil {
			return nil, err
		}
		u.Usage, u.Quota = res.Usage, res.Quota
		for _, t := range res.UsageBreakdown {
			if t != nil && t.Usage > 0 {
				u.Breakdown[string(t.StorageType)] = t.Usage
			}
		}
		return u, nil
	}
	f, release, err := p.w.frameOf(ctx, p.key)
	if err != nil {
		return nil, err
	}
	defer release()
	var answer struct {
		Usage, Quota float64
		Details      map[string]float64
	}
	err = f.eval(ctx, &answer, `async () => {
		const e = await navigator.storage.estimate();
		return { Usage: e.usage, Quota: e.quota, Details: e.usageDetails || {} };
	}`)
	u.Usage, u.Quota = answer.Usage, answer.Quota
	for name, n := range answer.Details {
		if cdpName, ok := estimateNames[name]; ok {
			name = cdpName
		}
		u.Breakdown[name] = n
	}
	return u, err
}
