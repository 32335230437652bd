package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/assets/demo"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
)

// record writes what a browser's service workers do into a file.
type record struct {
	connection
	out      string
	launch   string
	sites    []string
	demo     bool
	scope    string
	full     bool
	secrets  bool
	force    bool
	duration time.Duration
}

// recordView is what `record --json` says at the end.
type recordView struct {
	File     string   `json:"file"`
	Mode     string   `json:"mode"`
	Messages int64    `json:"messages"`
	Fetches  int64    `json:"fetches"`
	Bytes    int64    `json:"bytes"`
	Seconds  float64  `json:"seconds"`
	Problems []string `json:"problems"`
}

func newRecord(io stdio) *cobra.Command {
	r := &record{}
	cmd := &cobra.Command{
		Use:   "record -o FILE",
		Short: "Record fetches, caches and lifecycle into a file",
		Long: `Records what happens from now on: the requests of every page, frame and worker
with what the service worker made of them, bodies, the scripts of the workers,
their caches, and the whole life of the registrations. The file is one SQLite
database (docs/recording.md): "swinspect open" shows it, "swinspect replay" runs
it again on the engine.

It records the browser of --attach, one that it starts itself (--launch URL), or
swinspect's own engine (--site DIR[@ORIGIN], --demo). It ends after --for, or with
Ctrl-C; what was written until then is kept whatever happens.

By default a recording of a browser is passive: only the clients' side of the
network is watched and workers are not kept alive. --full places a recorder in each
worker before it evaluates, and sees its events, its requests and its cache
operations too; workers live as long as the recording does.

Cookie, Set-Cookie, Authorization and Proxy-Authorization are not written, unless
--keep-secrets.

Exit status: 0 after --for, or after Ctrl-C with a whole file; 1 when something
could not be written; 2 usage; 3 no browser, or a page that did not open.`,
		Example: `  swinspect record --launch https://app.example/ -o visit.swrec
  swinspect record --attach 9222 --scope https://app.example/ --full --for 5m -o a.swrec
  swinspect record --site ./dist@https://app.example --for 10s -o built.swrec`,
		Args: args(),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd, io) },
	}
	r.bind(cmd)
	f := cmd.Flags()
	f.StringVarP(&r.out, "output", "o", "", "the `FILE` to write, by custom NAME.swrec")
	f.StringVar(&r.launch, "launch", "", "start a browser with a throwaway profile and open `URL` in it")
	f.StringArrayVar(&r.sites, "site", nil, "open a built site on the engine: `DIR[@ORIGIN]`; repeatable")
	f.BoolVar(&r.demo, "demo", false, "open the demo site on the engine")
	f.StringVar(&r.scope, "scope", "", "keep scripts and caches only of registrations whose scope begins with `URL`")
	f.BoolVar(&r.full, "full", false, "place a recorder in each worker")
	f.BoolVar(&r.secrets, "keep-secrets", false, "write cookies and authorization headers too")
	f.BoolVar(&r.force, "force", false, "replace a file that is there")
	f.DurationVar(&r.duration, "for", 0, "end after this `TIME`; 0 is at Ctrl-C")
	return cmd
}

// check is what is wrong with the command line of a command that can record.
func (r *record) check(command string) error {
	if r.duration < 0 {
		return usage("%s: --for %s: a time is more than nothing", command, r.duration)
	}
	if r.demo && len(r.sites) > 0 {
		return usage("%s: --demo and --site exclude each other", command)
	}
	if _, err := parseSites(r.sites); err != nil {
		return err
	}
	if r.out == "" {
		return usage("%s: name the file to write with -o, by custom NAME.swrec", command)
	}
	given := 0
	for _, on := range []bool{r.attach != "", r.launch != "", len(r.sites) > 0 || r.demo} {
		if on {
			given++
		}
	}
	if given > 1 {
		return usage("%s: --attach, --launch, and --site or --demo exclude each other", command)
	}
	if r.launch != "" {
		if u, err := url.Parse(r.launch); err != nil || u.Scheme == "" {
			return usage("%s: --launch %s: that is no URL", command, quote(r.launch))
		}
	}
	if dir := filepath.Dir(r.out); dir != "." {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return usage("%s: there is no folder %s", command, dir)
		}
	}
	return nil
}

func (r *record) run(cmd *cobra.Command, io stdio) (err error) {
	if err := r.check("record"); err != nil {
		return err
	}
	s, fleet, err := r.source(cmd, io)
	if err != nil {
		return err
	}
	if fleet != nil {
		defer func() { err = errors.Join(err, fleet.close()) }()
	}
	defer s.close(&err)
	state := s.browser.State()
	meta := recording.Meta{
		Mode: recording.Passive, Target: cmp.Or(r.launch, strings.Join(r.sites, " "), s.attach), Browser: state.Connection.Product,
		Program: "swinspect " + buildVersion().Version, Began: time.Now(), Redacted: !r.secrets,
	}
	if r.full {
		meta.Mode = recording.Full
	}
	if fleet != nil && r.launch == "" {
		meta.Mode = recording.Engine
	}
	w, err := recording.Create(r.out, meta, recording.Options{Overwrite: r.force, KeepSecrets: r.secrets})
	if err != nil {
		return advised(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return r.record(cmd.Context(), io, s, w)
}

// source is the browser to record: attached to, launched, or the engine.
func (r *record) source(cmd *cobra.Command, io stdio) (*session, *fleet, error) {
	if r.launch == "" && len(r.sites) == 0 && !r.demo {
		s, err := r.open(cmd, io)
		return s, nil, err
	}
	hub := inspector.NewHub(inspector.HubOptions{})
	fleet := newFleet(hub, io, false)
	var err error
	if r.launch != "" {
		_, err = fleet.launch(cmd.Context(), "")
		if err != nil {
			err = &failure{exit: exitUnreachable, err: err, hint: "install Chromium, Chrome or Edge, or name one in SWINSPECT_BROWSER"}
		}
	} else {
		err = fleet.startEngine(cmd.Context(), engineOptions{Sites: r.sites, Demo: r.demo, Open: []string{"about:blank"}})
	}
	if err != nil {
		return nil, nil, errors.Join(err, fleet.close())
	}
	return &session{connection: r.connection, io: io, hub: hub, browser: hub.Browsers()[0]}, fleet, nil
}

// pages are what to open once the recording runs.
func (r *record) pages() []string {
	var urls []string
	if r.launch != "" {
		urls = append(urls, r.launch)
	}
	for _, site := range r.sites {
		if _, origin, err := parseSite(site); err == nil {
			urls = append(urls, origin+"/")
		}
	}
	if r.demo {
		urls = append(urls, demo.Origin+"/", demo.Origin+"/help/")
	}
	return urls
}

func (r *record) record(ctx context.Context, io stdio, s *session, w *recording.Writer) error {
	began := time.Now()
	// An engine is recorded in full: that changes nothing there, and keeps nothing alive.
	full := r.full || w.Meta().Mode == recording.Engine
	rec, err := recording.Record(ctx, s.browser, w, recording.RecordOptions{Full: full, Scope: r.scope})
	if err != nil {
		return err
	}
	var unopened []error
	for _, u := range r.pages() {
		if _, err := rec.OpenPage(ctx, "", u); err != nil {
			unopened = append(unopened, err)
		}
	}
	if r.duration > 0 {
		io.say("recording to %s for %s, or until Ctrl-C", clean(r.out), r.duration)
	} else {
		io.say("recording to %s until Ctrl-C", clean(r.out))
	}
	end := make(<-chan time.Time)
	if r.duration > 0 {
		end = time.After(r.duration)
	}
	var broken error
	select {
	case <-ctx.Done():
	case <-end:
	case <-w.Done():
		broken = w.Err()
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	stopped := rec.Stop(settle)
	p := rec.Progress()
	meta := w.Meta()
	meta.Ended = "stopped"
	if err := w.SetMeta(meta); err != nil && stopped == nil {
		stopped = err
	}
	if err := w.Flush(settle); err != nil && stopped == nil {
		stopped = err
	}
	if err := errors.Join(broken, stopped); err != nil {
		return &failure{exit: exitNo, err: err, hint: "what was written until then is in " + r.out}
	}
	if err := r.said(io, w, p, time.Since(began)); err != nil {
		return err
	}
	if err := errors.Join(unopened...); err != nil {
		return &failure{exit: exitUnreachable, err: err, hint: "is the site being served? What the browser did all the same is in " + r.out}
	}
	return nil
}

func (r *record) said(io stdio, w *recording.Writer, p recording.Progress, took time.Duration) error {
	v := recordView{File: r.out, Mode: string(w.Meta().Mode), Messages: p.Messages, Fetches: p.Fetches, Seconds: took.Round(time.Millisecond).Seconds(), Problems: p.Problems}
	if v.Problems == nil {
		v.Problems = []string{}
	}
	if info, err := os.Stat(r.out); err == nil {
		v.Bytes = info.Size()
	}
	if r.json {
		return io.json(v)
	}
	for _, problem := range v.Problems {
		io.say("swinspect: %s", clean(problem))
	}
	_, err := fmt.Fprintf(io.out, "%s: %d requests, %d messages, %s\n", clean(v.File), v.Fetches, v.Messages, took.Round(time.Second))
	return err
}
