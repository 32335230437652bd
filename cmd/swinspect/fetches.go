package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// fetchesCommand is `swinspect fetches`.
type fetchesCommand struct {
	connection
	filter, sort string
	most         int
	full         bool
	duration     time.Duration
}

func newFetches(io stdio) *cobra.Command {
	c := &fetchesCommand{}
	cmd := &cobra.Command{
		Use:   "fetches [FILE]",
		Short: "List requests, and what the service worker made of each",
		Long: `Lists the requests of a recording, or, without FILE, those of an attached browser
from now on, each when it has ended, until --for or Ctrl-C.

--filter is the language of the page's table: is:intercepted, decision:fell-through,
source:cache, cache:v3, url:/api/, status:>=400, kind:navigation, free text. Fields:
` + strings.Join(fetches.Keys, ", ") + `
Decisions: ` + words(fetches.Decisions) + `
Sources: ` + words(fetches.Sources) + `
What was concluded rather than seen has a "?".

--json gives one object a line.

Exit status: 0, also when there is none; 2 when FILE or the filter is wrong; 3 no browser.`,
		Example: `  swinspect fetches visit.swrec --filter 'is:intercepted status:>=400'
  swinspect fetches visit.swrec --at +30s --sort -took -n 10
  swinspect fetches --attach 9222 --for 1m --json | jq 'select(.source == "cache") | .url'`,
		Args: args("[FILE]"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, io, args) },
	}
	c.bind(cmd)
	c.bindAt(cmd)
	f := cmd.Flags()
	f.StringVar(&c.filter, "filter", "", "only requests that match `QUERY`")
	f.StringVar(&c.sort, "sort", "time", "order by `FIELD`, a minus in front turns it round: "+strings.Join(fetches.Sorts, ", "))
	f.IntVarP(&c.most, "most", "n", 0, "print at most `N` of them; 0 is all")
	f.BoolVar(&c.full, "full", false, "of a browser: place a recorder in each worker, to see its own requests too")
	f.DurationVar(&c.duration, "for", 0, "of a browser: end after this `TIME`")
	return cmd
}

func words[T ~string](all []T) string {
	text := make([]string, len(all))
	for i, w := range all {
		text[i] = string(w)
	}
	return strings.Join(text, ", ")
}

func (c *fetchesCommand) run(cmd *cobra.Command, io stdio, args []string) (err error) {
	if _, err := fetches.ParseQuery(c.filter); err != nil {
		return usage("--filter: %w", err)
	}
	if err := fetches.CheckSort(c.sort); err != nil {
		return usage("--sort: %w", err)
	}
	name := c.attach
	if len(args) > 0 {
		if name != "" {
			return usage("fetches: %s and --attach exclude each other", args[0])
		}
		name = args[0]
	}
	if len(args) == 0 && !isRecording(name) {
		return c.with(io, c.live)(cmd, args)
	}
	file, err := openRecording(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	at, err := moment(file, c.at)
	if err != nil {
		return err
	}
	table, err := file.FetchesAt(cmd.Context(), at)
	if err != nil {
		return err
	}
	return c.list(cmd.Context(), io, table)
}

// page is how many rows are read at a time: a recording may have millions.
const fetchesPage = 4096

// list prints the rows of a table that match.
func (c *fetchesCommand) list(ctx context.Context, io stdio, table fetches.Table) error {
	t := newFetchTable(io)
	for from := 0; ; {
		n := fetchesPage
		if c.most > 0 {
			n = min(n, c.most-from)
		}
		rows, matching, total, err := table.Rows(ctx, c.filter, c.sort, from, n)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if c.json {
				if err := io.jsonLine(viewFetch(row)); err != nil {
					return err
				}
				continue
			}
			t.add(row)
		}
		if from += len(rows); len(rows) == 0 || from >= matching || c.most > 0 && from >= c.most {
			if c.json {
				return nil
			}
			if from == 0 {
				io.say("none of %d requests matches", total)
				return nil
			}
			if err := t.flush(); err != nil {
				return err
			}
			switch {
			case from < matching:
				io.say("%d of %d requests; %d match", from, total, matching)
			case matching < total:
				io.say("%d of %d requests match", matching, total)
			}
			return nil
		}
	}
}

// live prints what an attached browser requests from now on.
func (c *fetchesCommand) live(ctx context.Context, s *session, _ []string) error {
	if c.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.duration, errEnough)
		defer cancel()
	}
	l := fetches.NewLog(fetches.Options{Limit: 50_000})
	_, untap := s.browser.Tap(l.Apply)
	defer untap()
	capture, err := s.browser.Capture(ctx, inspector.CaptureOptions{Full: c.full, Prelude: recording.Prelude, Binding: fetches.Binding, Bodies: true})
	if err != nil {
		return err
	}
	defer capture.Stop()
	q, err := fetches.ParseQuery(c.filter)
	if err != nil {
		return err
	}
	s.io.say("watching requests until Ctrl-C")
	printed := 0
	told := map[string]bool{}
	for {
		changed := l.Changed()
		for _, row := range l.All() {
			if !row.Done || told[row.ID] || row.Error == "" && row.ResponseBody.Hash == "" && row.ResponseBody.Missing == "" {
				continue
			}
			told[row.ID] = true
			if !q.Match(row.Field) {
				continue
			}
			if err := c.print(s.io, row); err != nil {
				return err
			}
			if printed++; c.most > 0 && printed >= c.most {
				return nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errEnough) {
				return nil
			}
			return nil // Ctrl-C is how it ends
		}
	}
}

var errEnough = errors.New("--for has passed")

func (c *fetchesCommand) print(io stdio, row *fetches.Fetch) error {
	if c.json {
		return io.jsonLine(viewFetch(row))
	}
	cells := fetchCells(row)
	text := make([]string, len(cells))
	for i, c := range cells {
		text[i] = c.text
	}
	_, err := fmt.Fprintln(io.out, strings.Join(text, "  "))
	return err
}

// fetchTable is rows for people.
type fetchTable struct{ *table }

func newFetchTable(io stdio) fetchTable {
	return fetchTable{newTable(io, "TIME", "METHOD", "STATUS", "DECISION", "SOURCE", "TOOK", "SIZE", "URL")}
}

func (t fetchTable) add(row *fetches.Fetch) { t.row(fetchCells(row)...) }

func fetchCells(f *fetches.Fetch) []cell {
	status, class := fmt.Sprint(f.Status), ""
	switch {
	case f.Error != "":
		status, class = "error", "bad"
	case f.Status == 0:
		status = "-"
	case f.Status >= 400:
		class = "bad"
	}
	decision := string(f.Decision)
	if f.Kind == fetches.KindWorker || f.Kind == fetches.KindScript || f.Kind == fetches.KindPreload {
		decision = string(f.Kind)
	}
	if f.IsInferred("decision") {
		decision += "?"
	}
	if f.Route > 0 {
		decision += fmt.Sprintf(" %d", f.Route)
	}
	source := string(f.Source)
	if f.CacheName != "" {
		source += " " + quote(f.CacheName)
	}
	took, length := "", ""
	if f.Timing.End >= 0 {
		took = f.Timing.End.Round(100 * time.Microsecond).String()
	}
	if f.ResponseBody.Size >= 0 {
		length = size(f.ResponseBody.Size)
	}
	url := clean(f.URL)
	if f.Error != "" {
		url += "  (" + clean(f.Error) + ")"
	}
	return []cell{plain(f.Began.Local().Format("15:04:05.000")), plain(clean(f.Method)), {status, class}, plain(decision), plain(source), plain(took), plain(length), plain(url)}
}

// fetchView is a row as JSON.
type fetchView struct {
	ID              string             `json:"id"`
	Seq             uint64             `json:"seq"`
	Kind            string             `json:"kind"`
	Parent          string             `json:"parent,omitempty"`
	Began           time.Time          `json:"began"`
	Client          string             `json:"client,omitempty"`
	ResultingClient string             `json:"resultingClient,omitempty"`
	Target          string             `json:"target,omitempty"`
	Page            string             `json:"page,omitempty"`
	Initiator       string             `json:"initiator,omitempty"`
	Method          string             `json:"method"`
	URL             string             `json:"url"`
	Mode            string             `json:"mode,omitempty"`
	Destination     string             `json:"destination"`
	Credentials     string             `json:"credentials,omitempty"`
	RequestHeaders  []headerView       `json:"requestHeaders"`
	RequestBody     *bodyRefView       `json:"requestBody,omitempty"`
	RedirectedFrom  string             `json:"redirectedFrom,omitempty"`
	Scope           string             `json:"scope,omitempty"`
	Version         string             `json:"version,omitempty"`
	Decision        string             `json:"decision"`
	Route           int                `json:"route,omitempty"`
	Source          string             `json:"source"`
	Cache           string             `json:"cache,omitempty"`
	Status          int                `json:"status"`
	MIME            string             `json:"mime,omitempty"`
	ResponseHeaders []headerView       `json:"responseHeaders"`
	ResponseBody    *bodyRefView       `json:"responseBody,omitempty"`
	Error           string             `json:"error,omitempty"`
	Done            bool               `json:"done"`
	Timing          map[string]float64 `json:"timing"` // ms since began
	Steps           int                `json:"steps"`
	Inferred        []string           `json:"inferred"`
}

type bodyRefView struct {
	Hash    string `json:"hash,omitempty"`
	Size    int64  `json:"size"`
	Missing string `json:"missing,omitempty"`
}

func viewFetch(f *fetches.Fetch) fetchView {
	v := fetchView{
		ID: f.ID, Seq: f.Seq, Kind: string(f.Kind), Parent: f.Parent, Began: f.Began, Client: f.Client, ResultingClient: f.ResultingClient,
		Target: f.Target, Page: f.Page, Initiator: f.Initiator, Method: f.Method, URL: f.URL, Mode: f.Mode, Destination: f.Destination,
		Credentials: f.Credentials, RequestHeaders: viewHeaders(f.RequestHeaders), RequestBody: viewBody(f.RequestBody), RedirectedFrom: f.RedirectedFrom,
		Scope: f.Scope, Version: f.Version, Decision: string(f.Decision), Route: f.Route, Source: string(f.Source), Cache: f.CacheName,
		Status: f.Status, MIME: f.MIME, ResponseHeaders: viewHeaders(f.ResponseHeaders), ResponseBody: viewBody(f.ResponseBody), Error: f.Error,
		Done: f.Done, Timing: map[string]float64{}, Steps: len(f.Steps), Inferred: list(f.Inferred),
	}
	for name, d := range map[string]time.Duration{
		"workerStart": f.Timing.WorkerStart, "workerReady": f.Timing.WorkerReady, "fetchStart": f.Timing.FetchStart,
		"respondWithSettled": f.Timing.RespondWithSettled, "response": f.Timing.Response, "end": f.Timing.End,
	} {
		if d >= 0 {
			v.Timing[name] = float64(d) / float64(time.Millisecond)
		}
	}
	return v
}

func viewBody(b fetches.Body) *bodyRefView {
	if cmp.Or(b.Hash, b.Missing) == "" && b.Size <= 0 {
		return nil
	}
	return &bodyRefView{b.Hash, b.Size, b.Missing}
}
