package inspector

import (
	"context"
	"slices"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
)

// contextPoll is how often the list of contexts is read while there is another
// one than the default: a disposed context whose only target is ours announces
// nothing, and our target keeps it half alive.
const contextPoll = 2 * time.Second

// readContexts asks for the browser contexts.
func (l *link) readContexts(ctx context.Context) ([]NoteContext, error) {
	known, err := cdproto.Call(ctx, l.conn.Root(), target.GetBrowserContexts, cdproto.Empty{})
	if err != nil {
		return nil, err
	}
	return l.listContexts(known), nil
}

// listContexts lists the browser contexts: the default one, those made over CDP
// (Target.getBrowserContexts) and those seen only through a target of somebody
// else (incognito windows of the user).
func (l *link) listContexts(known target.GetBrowserContextsResult) []NoteContext {
	var list []NoteContext
	add := func(id string, isDefault bool) {
		if id != "" && !slices.ContainsFunc(list, func(c NoteContext) bool { return c.ID == id }) {
			list = append(list, NoteContext{ID: id, Default: isDefault})
		}
	}
	if known.DefaultBrowserContextID != "" {
		l.defaultContext = string(known.DefaultBrowserContextID)
	}
	add(l.defaultContext, true)
	for _, id := range known.BrowserContextIDs {
		add(string(id), false)
	}
	for _, t := range l.b.State().Targets {
		if t.Key.Instance == l.instance && !t.Own && !l.ownTarget(t.Context, t.Key.ID) {
			add(t.Context, t.Context == l.defaultContext)
		}
	}
	return list
}

// withDefault puts the default context into a list of a browser that does not
// tell which it is: the one in which a target is created when none is named.
func (l *link) withDefault(ctx context.Context, list []NoteContext, made hiddenTarget) ([]NoteContext, error) {
	if l.defaultContext != "" || made.id == "" {
		return list, nil
	}
	res, err := cdproto.Call(ctx, l.conn.Root(), target.GetTargetInfo, target.GetTargetInfoParams{TargetID: target.ID(made.id)})
	if err != nil {
		return nil, err
	}
	if res.TargetInfo == nil {
		return list, nil
	}
	l.defaultContext = string(res.TargetInfo.BrowserContextID)
	list = slices.DeleteFunc(list, func(c NoteContext) bool { return c.ID == l.defaultContext })
	return slices.Insert(list, 0, NoteContext{ID: l.defaultContext, Default: true}), nil
}

// ownTarget reports whether a target is the hidden one of its context's watcher.
func (l *link) ownTarget(browserContext, id string) bool {
	w := l.watcher(browserContext)
	return w != nil && w.ownTarget(id)
}

// watchAll starts a watcher for each context that has none yet and waits until
// each has folded its first inventory or has a problem. The hidden target made
// beforehand belongs to the default context.
func (l *link) watchAll(ctx context.Context, contexts []NoteContext, first hiddenTarget) error {
	l.noteContexts(contexts)
	var wg sync.WaitGroup
	for _, c := range contexts {
		w := l.watcher(c.ID)
		if w != nil && w.opened() {
			continue
		}
		if w == nil {
			w = l.addWatcher(c)
		}
		made := hiddenTarget{}
		if c.Default {
			made = first
		}
		wg.Go(func() { w.open(ctx, made) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.conn.Err(); err != nil {
		return err
	}
	l.noteProblems()
	for _, w := range l.allWatchers() {
		l.wg.Go(w.run)
	}
	return nil
}

func (l *link) addWatcher(c NoteContext) *watcher {
	w := newWatcher(l, c)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[c.ID] = w
	return w
}

func (l *link) allWatchers() []*watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*watcher, 0, len(l.watchers))
	for _, w := range l.watchers {
		list = append(list, w)
	}
	return list
}

// noteContexts folds the list when it differs from the last one.
func (l *link) noteContexts(list []NoteContext) {
	l.mu.Lock()
	for i := range list {
		if w := l.watchers[list[i].ID]; w != nil {
			list[i].Problem = w.problemText()
		}
	}
	same := slices.Equal(l.listed, list)
	l.listed = list
	l.mu.Unlock()
	if !same {
		l.note("", NoteContexts{Contexts: list})
	}
}

// noteProblems folds the list again, with why some contexts cannot be watched.
func (l *link) noteProblems() {
	l.mu.Lock()
	list := slices.Clone(l.listed)
	l.mu.Unlock()
	l.noteContexts(list)
}

// manage is the goroutine that follows contexts that come and go.
func (l *link) manage() {
	tick := time.NewTicker(contextPoll)
	defer tick.Stop()
	for {
		select {
		case <-l.kickContexts:
		case <-tick.C:
			if len(l.allWatchers()) < 2 {
				continue
			}
		case <-l.ctx.Done():
			return
		}
		if err := l.syncContexts(); err != nil && l.ctx.Err() == nil {
			l.b.log.Warn("reading the browser contexts", "err", err)
		}
	}
}

// syncContexts starts a watcher for each new context and ends those of contexts
// that are no more.
func (l *link) syncContexts() error {
	ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
	defer cancel()
	list, err := l.readContexts(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	var fresh []*watcher
	for _, c := range list {
		if l.watchers[c.ID] == nil {
			w := newWatcher(l, c)
			l.watchers[c.ID] = w
			fresh = append(fresh, w)
		}
	}
	var gone []*watcher
	for id, w := range l.watchers {
		if !slices.ContainsFunc(list, func(c NoteContext) bool { return c.ID == id }) {
			gone = append(gone, w)
			delete(l.watchers, id)
		}
	}
	l.mu.Unlock()
	for _, w := range gone {
		w.retire(ctx)
	}
	l.noteContexts(list)
	for _, w := range fresh {
		l.wg.Go(func() {
			openCtx, done := context.WithTimeout(w.ctx, 10*time.Second)
			w.open(openCtx, hiddenTarget{})
			done()
			l.noteProblems()
			w.run()
		})
	}
	return nil
}
