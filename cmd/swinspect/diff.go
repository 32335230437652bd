package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/recording"
)

func newDiff(io stdio) *cobra.Command {
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff FILE",
		Short: "What changed between two moments of a recording",
		Long: `Compares registrations, their versions, and caches entry by entry, as of two
moments of a recording. A moment is a clock time (15:04:05), RFC 3339, +90s after
the beginning, -10s before the end, "start" or "end".

Caches are those that were recorded last before each moment; what is in doubt is said.

Exit status: 0 when nothing changed; 1 when something did; 2 usage.`,
		Example: `  swinspect diff visit.swrec --from +10s
  swinspect diff visit.swrec --from 14:02:10 --to 14:02:30 --json | jq '.caches[].entries'`,
		Args: args("FILE"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			file, err := openRecording(args[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			a, err := moment(file, from)
			if err != nil {
				return err
			}
			b, err := moment(file, to)
			if err != nil {
				return err
			}
			d, err := file.Compare(cmd.Context(), a, b)
			if err != nil {
				return err
			}
			v := viewDifference(file, d)
			if asJSON {
				err = io.json(v)
			} else {
				err = printDifference(io, v)
			}
			if err == nil && !d.Empty() {
				return errSaid
			}
			return err
		},
	}
	cmd.Flags().StringVar(&from, "from", "start", "the earlier `TIME`")
	cmd.Flags().StringVar(&to, "to", "end", "the later `TIME`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// differenceView is what changed, as JSON.
type differenceView struct {
	From          time.Time              `json:"from"`
	To            time.Time              `json:"to"`
	Registrations []registrationDiffView `json:"registrations"`
	Caches        []cacheDiffView        `json:"caches"`
}

type registrationDiffView struct {
	Change     string            `json:"change"`
	ID         string            `json:"id"`
	Scope      string            `json:"scope"`
	StorageKey string            `json:"storageKey"`
	Fields     []fieldDiffView   `json:"fields"`
	Versions   []versionDiffView `json:"versions"`
}

type versionDiffView struct {
	Change    string          `json:"change"`
	ID        string          `json:"id"`
	ScriptURL string          `json:"scriptURL"`
	Fields    []fieldDiffView `json:"fields"`
}

type cacheDiffView struct {
	Change     string          `json:"change"`
	StorageKey string          `json:"storageKey"`
	Cache      string          `json:"cache"`
	Before     *time.Time      `json:"before"` // when its content was recorded; null: not
	After      *time.Time      `json:"after"`
	Doubt      string          `json:"doubt,omitempty"`
	Entries    []entryDiffView `json:"entries"`
}

type entryDiffView struct {
	Change string          `json:"change"`
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Vary   string          `json:"vary,omitempty"`
	Fields []fieldDiffView `json:"fields"`
	Before *entryView      `json:"before"`
	After  *entryView      `json:"after"`
}

type fieldDiffView struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

func viewDifference(file *recording.File, d *recording.Difference) differenceView {
	v := differenceView{From: d.From, To: d.To, Registrations: []registrationDiffView{}, Caches: []cacheDiffView{}}
	if _, end := file.Span(); d.To.IsZero() {
		v.To = end
	}
	for _, r := range d.Registrations {
		rv := registrationDiffView{string(r.Change), r.Registration.ID, r.Scope, r.StorageKey, viewFields(r.Fields), []versionDiffView{}}
		for _, x := range r.Versions {
			rv.Versions = append(rv.Versions, versionDiffView{string(x.Change), x.Version, x.ScriptURL, viewFields(x.Fields)})
		}
		v.Registrations = append(v.Registrations, rv)
	}
	for _, c := range d.Caches {
		cv := cacheDiffView{string(c.Change), c.Ref.StorageKey, c.Ref.Name, maybe(c.Before), maybe(c.After), c.Doubt, []entryDiffView{}}
		for _, e := range c.Entries {
			cv.Entries = append(cv.Entries, entryDiffView{string(e.Change), e.Method, e.URL, e.Vary, viewFields(e.Fields), viewSnapshotEntry(e.Before), viewSnapshotEntry(e.After)})
		}
		v.Caches = append(v.Caches, cv)
	}
	return v
}

func viewFields(all []recording.FieldDifference) []fieldDiffView {
	views := make([]fieldDiffView, 0, len(all))
	for _, f := range all {
		views = append(views, fieldDiffView(f))
	}
	return views
}

func viewSnapshotEntry(e *recording.SnapshotEntry) *entryView {
	if e == nil {
		return nil
	}
	s := recording.Snapshot{NoteCacheSnapshot: recording.NoteCacheSnapshot{Entries: []recording.SnapshotEntry{*e}}}
	v := viewEntry(s.CacheEntries()[0])
	return &v
}

func printDifference(io stdio, v differenceView) error {
	p := &page{out: io.out}
	if len(v.Registrations)+len(v.Caches) == 0 {
		io.say("nothing changed")
	}
	for _, r := range v.Registrations {
		p.line("%s registration %s", r.Change, clean(r.Scope))
		printFields(p, "    ", r.Fields)
		for _, x := range r.Versions {
			p.line("  %s version #%s %s", x.Change, clean(x.ID), clean(x.ScriptURL))
			printFields(p, "    ", x.Fields)
		}
	}
	for _, c := range v.Caches {
		p.line("%s cache %s of %s", c.Change, quote(c.Cache), clean(c.StorageKey))
		if c.Doubt != "" {
			p.line("  in doubt: %s", clean(c.Doubt))
		}
		for _, e := range c.Entries {
			p.line("  %s %s %s", e.Change, clean(e.Method), clean(e.URL))
			printFields(p, "    ", e.Fields)
		}
	}
	return p.err
}

func printFields(p *page, indent string, all []fieldDiffView) {
	for _, f := range all {
		before, after := f.Before, f.After
		if strings.Contains(before+after, "\n") {
			before, after = changedLines(before, after)
		}
		p.line("%s%s: %s → %s", indent, f.Field, orNone(before), orNone(after))
	}
}

// changedLines are the lines that only one side has.
func changedLines(a, b string) (string, string) {
	only := func(a, b string) string {
		has := map[string]bool{}
		for line := range strings.SplitSeq(b, "\n") {
			has[line] = true
		}
		var lines []string
		for line := range strings.SplitSeq(a, "\n") {
			if !has[line] {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "; ")
	}
	return only(a, b), only(b, a)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return clean(s)
}
