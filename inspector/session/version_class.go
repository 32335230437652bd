package session

import (
	"context"
	"fmt"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
)

// versionInfo is VersionInfo of swinspect.d.ts.
type versionInfo struct {
	ID      string   `json:"id"`
	State   string   `json:"state"`
	Running string   `json:"running"`
	Script  string   `json:"script"`
	Clients []string `json:"clients"`
}

func infoOf(s *inspector.State, r *inspector.Registration, v *inspector.Version) *versionInfo {
	if v == nil {
		return nil
	}
	return &versionInfo{v.ID, stateWord(v), string(v.Running), v.ScriptURL, clientURLs(s, r, v)}
}

// stateWord is a version's state: the specification's word, waiting for installed.
func stateWord(v *inspector.Version) string {
	if isIn(v, "waiting") {
		return "waiting"
	}
	return string(v.Status)
}

func clientURLs(s *inspector.State, r *inspector.Registration, of *inspector.Version) []string {
	urls := []string{}
	for _, c := range s.Clients(r) {
		if c.Version != nil && c.Target != nil && (of == nil || c.Version.ID == of.ID) {
			urls = append(urls, c.Target.URL)
		}
	}
	return urls
}

func onVersion(do func(ctx context.Context, v *version) (any, error)) func(*call) goja.Value {
	return func(c *call) goja.Value {
		v := thisVersion(c)
		return c.async(func(ctx context.Context) (any, error) { return do(ctx, v) })
	}
}

var versionClass = &class{
	name: "Version", word: "version",
	getters: map[string]func(*call) goja.Value{
		"id": func(c *call) goja.Value {
			v := thisVersion(c)
			if v.id != "" {
				return c.f.value(v.id)
			}
			if _, x := v.in(v.r.context.state()); x != nil {
				return c.f.value(x.ID)
			}
			return c.f.value("")
		},
	},
	methods: map[string]func(*call) goja.Value{
		"exists": onVersion(func(_ context.Context, v *version) (any, error) {
			_, x := v.in(v.r.context.state())
			return x != nil, nil
		}),
		"state": onVersion(func(_ context.Context, v *version) (any, error) {
			if _, x := v.in(v.r.context.state()); x != nil {
				return stateWord(x), nil
			}
			return "none", nil
		}),
		"info": onVersion(func(_ context.Context, v *version) (any, error) {
			s := v.r.context.state()
			r, x := v.in(s)
			if x == nil {
				return nil, nil
			}
			return infoOf(s, r, x), nil
		}),
		"waitFor": func(c *call) goja.Value {
			v := thisVersion(c)
			state, limit := c.waiting("running", "stopped")
			return c.async(func(ctx context.Context) (any, error) { return v.waitFor(ctx, state, limit) })
		},
		"start": onVersion(func(ctx context.Context, v *version) (any, error) {
			if _, x, err := v.now(); err != nil || !isIn(x, "active") {
				if err == nil {
					err = fmt.Errorf("only an active version can be started: #%s is %s", x.ID, stateWord(x))
				}
				return nil, err
			}
			return v.r.start(ctx)
		}),
		"kill": onVersion(func(ctx context.Context, v *version) (any, error) {
			_, x, err := v.now()
			if err != nil {
				return nil, err
			}
			return v.r.kill(ctx, x.ID)
		}),
		"source": onVersion(func(ctx context.Context, v *version) (any, error) {
			all, err := v.scripts(ctx)
			if err != nil || len(all) == 0 {
				return "", err
			}
			return all[0].Source, nil
		}),
		"scripts": onVersion(func(ctx context.Context, v *version) (any, error) {
			all, err := v.scripts(ctx)
			urls := []string{}
			for _, s := range all {
				urls = append(urls, s.URL)
			}
			return urls, err
		}),
		"clients": onVersion(func(_ context.Context, v *version) (any, error) {
			s := v.r.context.state()
			r, x := v.in(s)
			if x == nil {
				return []string{}, nil
			}
			return clientURLs(s, r, x), nil
		}),
		"evaluate": func(c *call) goja.Value {
			v, expression := thisVersion(c), c.asExpression(0)
			return c.async(func(ctx context.Context) (any, error) { return v.evaluate(ctx, expression) })
		},
		"console": onVersion(func(_ context.Context, v *version) (any, error) {
			all := []consoleMessage{}
			if _, x := v.in(v.r.context.state()); x != nil {
				for _, m := range x.Console {
					all = append(all, consoleMessage{float64(m.Time.UnixMicro()) / 1000, m.Level, m.Text, m.URL, m.Line + 1})
				}
			}
			return all, nil
		}),
	},
}

// scripts are those of the version, the main one first; a stopped worker is started.
func (v *version) scripts(ctx context.Context) ([]*inspector.Script, error) {
	r, x, err := v.now()
	if err != nil {
		return nil, err
	}
	if len(x.Scripts) > 0 {
		return x.Scripts, nil
	}
	if x.Running != "running" && isIn(x, "active") {
		if _, err := v.r.start(ctx); err != nil {
			return nil, err
		}
	}
	return v.r.context.o.browser.Scripts(ctx, r.Key, x.ID)
}
