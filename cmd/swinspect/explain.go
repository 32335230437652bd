package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// explainCommand is `swinspect explain`.
type explainCommand struct {
	connection
	recording string
	request   explain.Asked
	headers   []string
	fetch     bool
}

func newExplain(io stdio) *cobra.Command {
	c := &explainCommand{}
	cmd := &cobra.Command{
		Use:   "explain SCOPE|URL|ID",
		Short: "Why: of a request, a waiting version, an update",
		Long: `Answers why, as a chain of decisions, each with what it is known from.

SCOPE (a scope URL, an end of one, or the id that ls prints): where each version
of the registration is and how it came there: what the update compared, why one
waits, why one is redundant.

URL: what becomes of a request for it: which registration's scope matches, which
static route decides, what the caches hold, and for each entry that comes near the
step that turns it away (method, URL, search, Vary with both values). On the engine
the newest such request is told from its trace. --fetch says that a scope's URL is
meant as a request.

With --recording FILE: a request that was recorded, by its URL (the newest) or its
id; "swinspect fetches FILE" lists them.

Each link says whether it was seen on the wire, traced by the engine, or inferred.

Exit status: 0; 1 when there is nothing of that name; 2 when SCOPE is ambiguous.`,
		Example: `  swinspect explain /shop/
  swinspect explain https://app.example/shop/app.js -H 'Accept-Language: de'
  swinspect explain https://app.example/ --mode navigate --fetch --json
  swinspect explain https://app.example/api/cart --recording visit.swrec`,
		Args:              args("SCOPE|URL|ID"),
		ValidArgsFunction: completeScope(io, &c.connection),
	}
	c.bind(cmd)
	f := cmd.Flags()
	f.StringVar(&c.recording, "recording", "", "explain what was recorded in `FILE`")
	f.StringVar(&c.request.Method, "method", "GET", "the request's `METHOD`")
	f.StringVar(&c.request.Mode, "mode", "", "the request's mode: navigate, cors, no-cors, same-origin")
	f.StringVar(&c.request.Destination, "destination", "", "the request's destination: document, script, image …")
	f.StringVar(&c.request.Page, "page", "", "the `URL` of the document that asks")
	f.StringArrayVarP(&c.headers, "header", "H", nil, "a header of the request, `\"Name: value\"`; repeatable")
	f.BoolVar(&c.fetch, "fetch", false, "a request is meant, not a registration")
	attached := c.with(io, c.live)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if c.request.Headers, err = parseHeaders(c.headers); err != nil {
			return err
		}
		if c.recording == "" {
			return attached(cmd, args)
		}
		if c.attach != "" {
			return usage("explain: --attach and --recording exclude each other")
		}
		return c.recorded(cmd.Context(), io, args[0])
	}
	return cmd
}

// live explains something of an attached browser.
func (c *explainCommand) live(ctx context.Context, s *session, args []string) error {
	name := args[0]
	if s.tape != nil && len(c.headers) == 0 {
		return c.recordedIn(ctx, s.io, s.tape.File, name)
	}
	var r *inspector.Registration
	if !c.fetch {
		found, err := s.find(name)
		switch isURL := absolute(name); {
		case err == nil:
			r = found
		case !isURL:
			return err
		}
	} else if !absolute(name) {
		return usage("%q is not an absolute URL: write https://…", name)
	}
	if r != nil {
		ctx, cancel := s.wait(ctx)
		defer cancel()
		return c.tell(s.io, versions(ctx, s, r))
	}
	state := s.browser.State()
	c.request.URL = name
	place, err := c.place(s, state)
	if err != nil {
		return err
	}
	c.request.Instance, c.request.Context = place.Instance, place.ID
	if story := newestFetch(place, c.request.Method, name); story != nil && len(c.headers) == 0 {
		chain := explain.Story(*story)
		return c.tell(s.io, []explain.Chain{chain})
	}
	ctx, cancel := s.wait(ctx)
	defer cancel()
	if s.tape == nil {
		return c.tell(s.io, []explain.Chain{explain.Predict(ctx, s.browser, c.request)})
	}
	w := explain.World{State: state}
	if g := explain.RegistrationOf(state, c.request); g != nil {
		if w, err = s.tape.WorldAt(ctx, s.tape.at, g.Key); err != nil {
			return err
		}
	}
	return c.tell(s.io, []explain.Chain{explain.Request(c.request, w)})
}

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && u.Host != ""
}

// place is the browser context of the request: the one of --context, else the first
// with a registration that the URL is in the scope of, else the default one.
func (c *explainCommand) place(s *session, state *inspector.State) (*inspector.Context, error) {
	if c.context != "" {
		return s.oneContext(state)
	}
	live, err := s.live(state)
	if err != nil {
		return nil, err
	}
	for _, r := range live {
		if strings.HasPrefix(c.request.URL, r.Scope) || strings.HasPrefix(c.request.Page, r.Scope) && c.request.Page != "" {
			if place := state.Context(r.Key.Instance, r.Key.Context); place != nil {
				return place, nil
			}
		}
	}
	return s.oneContext(state)
}

// newestFetch is the newest story of a request in an engine's trace.
func newestFetch(c *inspector.Context, method, url string) *inspector.Story {
	for _, story := range inspector.Stories(c) {
		if story.Kind == inspector.StoryFetch && story.Title == cmp.Or(method, "GET")+" "+url {
			return &story
		}
	}
	return nil
}

// versions explains each version of a registration that is not merely active, the
// active one too when nothing else is there.
func versions(ctx context.Context, s *session, r *inspector.Registration) []explain.Chain {
	for _, v := range r.Versions {
		// Without sources the chain says so.
		_, _ = s.browser.Scripts(ctx, r.Key, v.ID)
	}
	state := s.browser.State()
	if again := state.Registration(r.Key); again != nil {
		r = again
	}
	return explain.Registration(state, r, s.browser.Changes(0))
}

// recorded explains a request of a recording.
func (c *explainCommand) recorded(ctx context.Context, io stdio, name string) (err error) {
	file, err := openRecording(c.recording)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return c.recordedIn(ctx, io, file, name)
}

func (c *explainCommand) recordedIn(ctx context.Context, io stdio, file *recording.File, name string) error {
	table := file.Fetches()
	row, err := table.Fetch(ctx, name)
	if err != nil || row == nil {
		row, err = newestRow(ctx, table, name)
	}
	if err != nil {
		return err
	}
	if row == nil {
		return c.recordedScope(ctx, io, file, name)
	}
	w, err := file.World(ctx, row)
	if err != nil {
		return err
	}
	return c.tell(io, []explain.Chain{explain.Fetch(row, w)})
}

// newestRow is the newest recorded request of a URL.
func newestRow(ctx context.Context, table fetches.Table, url string) (*fetches.Fetch, error) {
	rows, _, _, err := table.Rows(ctx, fmt.Sprintf("url:%q", url), "-time", 0, 200)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, func(r *fetches.Fetch) bool { return r.URL == url && r.Kind != fetches.KindWorker })
	if i < 0 {
		i = slices.IndexFunc(rows, func(r *fetches.Fetch) bool { return r.URL == url })
	}
	if i < 0 {
		return nil, nil
	}
	return rows[i], nil
}

// recordedScope explains the versions of a recorded registration.
func (c *explainCommand) recordedScope(ctx context.Context, io stdio, file *recording.File, name string) error {
	state, err := file.State(ctx, time.Time{})
	if err != nil {
		return err
	}
	changes, err := file.Changes(ctx, time.Time{}, time.Time{}, 0)
	if err != nil {
		return err
	}
	for _, r := range state.Registrations {
		if r.Scope == name || r.Slug(state) == name || endsWith(r.Scope, name) {
			return c.tell(io, explain.Registration(state, r, changes))
		}
	}
	return &failure{
		exit: exitNo, err: fmt.Errorf("%s has no request and no registration named %s", clean(file.Path()), quote(name)),
		hint: "swinspect fetches " + clean(file.Path()) + " lists its requests",
	}
}

// openRecording opens a recording; what is wrong with it is told with what to do.
func openRecording(path string) (*recording.File, error) {
	file, err := recording.Open(path)
	if err == nil {
		return file, nil
	}
	f := &failure{exit: exitUnreachable, err: err}
	var said *recording.FileError
	if errors.As(err, &said) {
		f.hint = said.Advice
	}
	if errors.Is(err, os.ErrNotExist) {
		f.exit = exitUsage
	}
	return nil, f
}

// tell prints the chains.
func (c *explainCommand) tell(io stdio, chains []explain.Chain) error {
	if c.json {
		return io.json(chains)
	}
	p := &page{out: io.out}
	for i, chain := range chains {
		if i > 0 {
			p.line("")
		}
		p.line("%s", clean(chain.Subject))
		p.line("  %s", clean(chain.Answer))
		for n, l := range chain.Links {
			printLink(p, n+1, l)
		}
	}
	return p.err
}

func printLink(p *page, n int, l explain.Link) {
	p.line("")
	if l.Question != "" {
		p.line("  %d. %s", n, l.Question)
		p.line("     %s", clean(l.Answer))
	} else {
		p.line("  %d. %s", n, clean(l.Answer))
	}
	for _, c := range l.Candidates {
		line := fmt.Sprintf("     - %s", clean(c.Name))
		if c.Cache != "" {
			line += " in " + quote(c.Cache)
		}
		if c.Result == "" && c.Stored != "" {
			line += " (" + clean(c.Stored) + ")"
		}
		if c.Result != "" {
			line += ": " + string(c.Result)
		}
		if c.Step != "" && c.Result != inspector.Pass {
			line += " (" + c.Step + ")"
		}
		if c.Why != "" {
			line += ": " + clean(c.Why)
		}
		p.line("%s", line)
	}
	where := string(l.Known) + ": " + l.From
	if l.Algorithm != "" {
		where = strings.TrimSpace(l.Algorithm+" "+l.Step) + "; " + where
	}
	p.line("     [%s]", clean(where))
}
