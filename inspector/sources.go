package inspector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// ErrNotRunning is the answer when the scripts of a stopped version are asked
// for: they can be read from its running worker only, and nothing is started.
var ErrNotRunning = errors.New("inspector: the worker is not running")

// sourcesAtOnce bounds how many scripts are read at a time.
const sourcesAtOnce = 8

// Scripts reads the scripts of a version, the main one first, then what it
// imported in the order in which it was evaluated: through the Debugger domain
// of its running worker, to which swinspect is attached for that moment (the
// version says "kept alive" meanwhile). What was read of an installed version is
// not read again: it cannot change. versionID "" is the newest version that runs.
//
// It fails with ErrNotRunning, a [*GoneError], or what CDP answered.
func (b *Browser) Scripts(ctx context.Context, k RegistrationKey, versionID string) ([]*Script, error) {
	l, w, r, err := b.find(k)
	if err != nil {
		return nil, err
	}
	v := r.Version(versionID)
	if versionID == "" {
		v = runningVersion(r)
		if v == nil {
			return nil, ErrNotRunning
		}
	}
	if v == nil {
		return nil, fmt.Errorf("inspector: %s has no version %q", r.Scope, versionID)
	}
	if scriptsComplete(v) {
		return v.Scripts, nil
	}
	if v.TargetID == "" || v.Running != serviceworker.VersionRunningStatusRunning {
		if len(v.Scripts) > 0 {
			return v.Scripts, nil
		}
		return nil, ErrNotRunning
	}
	scripts, err := w.readScripts(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("inspector: scripts of %s version %s: %w", r.Scope, v.ID, err)
	}
	l.note(w.context, NoteScripts{Registration: k, Version: v.ID, Scripts: scripts})
	return scripts, nil
}

// scriptsComplete reports whether the scripts were read after the version was
// installed: then importScripts brings no new ones.
func scriptsComplete(v *Version) bool {
	if len(v.Scripts) == 0 {
		return false
	}
	for _, t := range v.History {
		switch t.Status {
		case serviceworker.VersionStatusNew, serviceworker.VersionStatusInstalling:
		default:
			return v.Scripts[0].ReadAt.After(t.Time)
		}
	}
	return false
}

// find is the link, the watcher and the registration of a key, now.
func (b *Browser) find(k RegistrationKey) (*link, *watcher, *Registration, error) {
	l, err := b.current()
	if err != nil {
		return nil, nil, nil, err
	}
	r := b.State().Registration(k)
	if r == nil {
		return nil, nil, nil, fmt.Errorf("inspector: there is no registration %q", k.ID)
	}
	w := l.watcher(k.Context)
	if k.Instance != l.instance || w == nil {
		return nil, nil, nil, fmt.Errorf("inspector: the registration of %s went away with its browser or context", r.Scope)
	}
	return l, w, r, nil
}

// readScripts attaches to a running worker, reads and detaches.
func (w *watcher) readScripts(ctx context.Context, v *Version) ([]*Script, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	session, err := w.l.conn.Attach(ctx, target.ID(v.TargetID))
	if err != nil {
		return nil, err
	}
	w.keep(v.TargetID, "source", true)
	defer w.keep(v.TargetID, "source", false)
	defer w.detachNow(session)
	parsed := session.Listen(4096, debugger.ScriptParsed.Method)
	defer parsed.Close()
	// Every script there is is announced before the reply.
	if _, err := cdproto.Call(ctx, session, debugger.Enable, debugger.EnableParams{}); err != nil {
		return nil, err
	}
	scripts := collectScripts(parsed, v.ScriptURL, w.l.b.now())
	return scripts, readSources(ctx, session, scripts)
}

// collectScripts makes the list of what was announced so far.
func collectScripts(parsed *cdp.Subscription, mainURL string, now time.Time) []*Script {
	var scripts []*Script
	for {
		select {
		case e, ok := <-parsed.C():
			if !ok {
				return scripts
			}
			p, ok := decode[debugger.EventScriptParsed](e.Params)
			if !ok || !isSource(p.URL) || slices.ContainsFunc(scripts, func(s *Script) bool { return s.URL == p.URL && s.Hash == p.Hash }) {
				continue
			}
			s := &Script{
				URL: p.URL, ID: string(p.ScriptID), Hash: p.Hash, Length: int(p.Length),
				Module: p.IsModule, Main: p.URL == mainURL, ReadAt: now,
			}
			if s.Main {
				scripts = slices.Insert(scripts, 0, s)
			} else {
				scripts = append(scripts, s)
			}
		default:
			return scripts
		}
	}
}

// isSource leaves out what is not a script of the worker: evaluated text,
// extensions' and the browser's own code.
func isSource(u string) bool {
	return strings.HasPrefix(u, "http:") || strings.HasPrefix(u, "https:") || strings.HasPrefix(u, "blob:") || strings.HasPrefix(u, "chrome-extension:")
}

// readSources fills in the sources, several at a time.
func readSources(ctx context.Context, session *cdp.Session, scripts []*Script) error {
	errs := make([]error, len(scripts))
	room := make(chan struct{}, sourcesAtOnce)
	var wg sync.WaitGroup
	for i, s := range scripts {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			res, err := cdproto.Call(ctx, session, debugger.GetScriptSource, debugger.GetScriptSourceParams{ScriptID: cdproto.ScriptID(s.ID)})
			s.Source, errs[i] = res.ScriptSource, err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Facts reads what no event tells of a registration: updateViaCache, navigation
// preload, and its storage key where that is in doubt. It needs a document of
// the storage key (see frameOf) and wakes no worker.
func (b *Browser) Facts(ctx context.Context, k RegistrationKey) error {
	l, w, r, err := b.find(k)
	if err != nil {
		return err
	}
	if r.StorageKey.Doubt != "" {
		w.readKeys()
		if r = b.State().Registration(k); r == nil || r.StorageKey.Doubt != "" {
			return fmt.Errorf("inspector: facts of %s: %s", k.ID, twinDoubt)
		}
	}
	f, release, err := w.frameOf(ctx, r.StorageKey)
	if err != nil {
		return fmt.Errorf("inspector: facts of %s: %w", r.Scope, err)
	}
	defer release()
	var answer struct {
		Missing        string
		UpdateViaCache string
		Preload        *NavigationPreload
	}
	if err := f.eval(ctx, &answer, factsScript, r.Scope); err != nil {
		return fmt.Errorf("inspector: facts of %s: %w", r.Scope, err)
	}
	if answer.Missing != "" {
		return fmt.Errorf("inspector: facts of %s: its origin has no such registration", r.Scope)
	}
	l.note(w.context, NoteRegistrationFacts{Registration: k, UpdateViaCache: answer.UpdateViaCache, NavigationPreload: answer.Preload})
	return nil
}

const factsScript = `async (scope) => {
	const reg = await navigator.serviceWorker.getRegistration(scope);
	if (!reg || reg.scope !== scope) return { Missing: 'missing' };
	let preload = null;
	try {
		const state = await reg.navigationPreload.getState();
		preload = { Enabled: state.enabled, Header: state.headerValue };
	} catch (e) {}
	return { UpdateViaCache: reg.updateViaCache, Preload: preload };
}`
