package replay

import (
	"context"
	"slices"
	"time"
)

// signature is an answer as the fields that are compared.
func (run *run) signature(a *Answer) map[string]string {
	if a == nil {
		return nil
	}
	m := map[string]string{FieldDecision: a.Decision, FieldSource: a.Source, FieldCache: a.Cache, FieldType: a.Type, FieldError: a.Error, FieldBody: a.Body.Hash, FieldStatus: string(rune(a.Status))}
	ignored := run.ignored()
	for name, v := range joined(a.Headers) {
		if !ignored[name] {
			m["header:"+name] = v
		}
	}
	return m
}

// otherSeeds replays the events with other seeds, and the clock a little later, and
// gives the answers of each replay by row.
func otherSeeds(ctx context.Context, r *Recording, o Options) ([]map[string]map[string]string, error) {
	var all []map[string]map[string]string
	for i := 1; i < o.Repeat; i++ {
		again := o
		again.Repeat, again.Seed = 0, o.Seed+uint64(i)*1_000_003
		again.Progress, again.Started = nil, nil
		again.shift = time.Duration(i) * 7 * time.Millisecond
		answers := map[string]map[string]string{}
		helper := newRun(ctx, r, &again)
		_, err := Run(ctx, r, again, func(x *Result) error {
			answers[x.ID] = helper.signature(x.Replayed)
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, answers)
	}
	return all, nil
}

// varying are the fields in which the answers of a row differ between seeds.
func (run *run) varying(id string, a *Answer) []string {
	mine := run.signature(a)
	var fields []string
	for _, other := range run.others {
		theirs := other[id]
		for field, v := range mine {
			if theirs[field] != v && !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
		for field := range theirs {
			if _, both := mine[field]; !both && !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
	}
	slices.Sort(fields)
	return fields
}
