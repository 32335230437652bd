package cdp

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// A playbook is a script of one connection, seen from the client: each line is a
// step, prose on top says what the story is about.
//
//	-> JSON              the client must send this message
//	<- TEXT              the peer sends this
//	call NAME SESSION METHOD [PARAMS]   starts a call ("." is the browser session)
//	got NAME JSON        the call's result
//	failed NAME ERROR    the call's error: a class (closed, gone, canceled, call) or a part of its text
//	cancel NAME          ends the call's context
//	go SESSION METHOD [PARAMS]          pipelines a command
//	listen NAME ROOM SESSION [METHOD…]  subscribes ("*" is every session)
//	event NAME SESSION METHOD [PARAMS]  the next event of the subscription
//	ended NAME ERROR     the subscription ends ("nil" after unlisten)
//	unlisten NAME        ends the subscription
//	hangup               the peer closes
//	close                the client closes
//	over ERROR           the connection has ended with that
type playbook struct {
	t     *testing.T
	line  string
	conn  *Conn
	peer  Transport
	calls map[string]*playedCall
	subs  map[string]*Subscription
}

type playedCall struct {
	result jsonv2.Value
	err    error
	cancel context.CancelFunc
	done   chan struct{}
}

// classes are the names of the errors a caller can branch on.
var classes = map[string]func(error) bool{
	"closed":   func(err error) bool { return errors.Is(err, ErrClosed) },
	"gone":     func(err error) bool { return errors.Is(err, ErrSessionGone) },
	"overflow": func(err error) bool { return errors.Is(err, ErrOverflow) },
	"canceled": func(err error) bool { return errors.Is(err, context.Canceled) },
	"large":    func(err error) bool { return errors.Is(err, ErrTooLarge) },
	"nil":      func(err error) bool { return err == nil },
	"protocol": func(err error) bool { _, ok := errors.AsType[*ProtocolError](err); return ok },
	"call":     func(err error) bool { _, ok := errors.AsType[*CallError](err); return ok },
}

func TestPlaybooks(t *testing.T) {
	files, err := filepath.Glob("testdata/conn/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no playbooks: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			client, peer := Pipe()
			p := &playbook{t: t, conn: NewConn(client), peer: peer, calls: map[string]*playedCall{}, subs: map[string]*Subscription{}}
			defer func() {
				for _, c := range p.calls {
					c.cancel()
				}
				_ = p.conn.Close()
			}()
			for _, line := range readScript(t, file) {
				p.line = line
				p.step(line)
			}
		})
	}
}

// readScript returns the steps of a script, without prose and empty lines.
func readScript(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var steps []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			steps = append(steps, line)
		}
	}
	return steps
}

func (p *playbook) step(line string) {
	p.t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
	defer cancel()
	switch verb {
	case "->":
		got, err := p.peer.Read(ctx)
		p.check(err)
		p.same(got, []byte(rest))
	case "<-":
		p.check(p.peer.Write(ctx, []byte(rest)))
	case "call", "got", "failed", "cancel", "go":
		p.callStep(verb, strings.Fields(rest), rest)
	case "listen", "event", "ended", "unlisten":
		p.listenStep(ctx, verb, strings.Fields(rest), rest)
	case "hangup":
		p.check(p.peer.Close())
	case "close":
		p.check(p.conn.Close())
	case "over":
		<-p.conn.Done()
		p.class(p.conn.Err(), rest)
	default:
		p.t.Fatalf("no such step: %s", line)
	}
}

func (p *playbook) callStep(verb string, words []string, rest string) {
	p.t.Helper()
	switch verb {
	case "call":
		ctx, cancel := context.WithCancel(p.t.Context())
		c := &playedCall{cancel: cancel, done: make(chan struct{})}
		p.calls[words[0]] = c
		session, params := p.session(words[1]), params(words[3:])
		go func() {
			defer close(c.done)
			c.err = session.Call(ctx, words[2], params, &c.result)
		}()
	case "go":
		p.check(p.session(words[0]).Go(words[1], params(words[2:])))
	case "cancel":
		p.calls[words[0]].cancel()
	case "got":
		c := p.finished(words[0])
		p.check(c.err)
		p.same(c.result, []byte(after(rest, 1)))
	case "failed":
		p.class(p.finished(words[0]).err, after(rest, 1))
	}
}

func (p *playbook) listenStep(ctx context.Context, verb string, words []string, rest string) {
	p.t.Helper()
	name := words[0]
	switch verb {
	case "listen":
		room := int(words[1][0] - '0')
		if words[2] == "*" {
			p.subs[name] = p.conn.Listen(room, words[3:]...)
		} else {
			p.subs[name] = p.session(words[2]).Listen(room, words[3:]...)
		}
	case "unlisten":
		p.subs[name].Close()
	case "event":
		select {
		case e, ok := <-p.subs[name].C():
			if !ok {
				p.t.Fatalf("%s: the subscription ended: %v", p.line, p.subs[name].Err())
			}
			if got := strings.TrimSpace(dot(e.SessionID) + " " + e.Method + " " + string(e.Params)); got != after(rest, 1) {
				p.t.Fatalf("%s\nbut got %s", p.line, got)
			}
		case <-ctx.Done():
			p.t.Fatalf("%s: no event", p.line)
		}
	case "ended":
		select {
		case e, ok := <-p.subs[name].C():
			if ok {
				p.t.Fatalf("%s: got an event: %+v", p.line, e)
			}
			p.class(p.subs[name].Err(), after(rest, 1))
		case <-ctx.Done():
			p.t.Fatalf("%s: it goes on", p.line)
		}
	}
}

func (p *playbook) session(id string) *Session {
	if id == "." {
		return p.conn.Root()
	}
	return p.conn.Session(id)
}

func dot(session string) string {
	if session == "" {
		return "."
	}
	return session
}

// after is the line without its first n words.
func after(line string, n int) string {
	for range n {
		_, line, _ = strings.Cut(line, " ")
	}
	return line
}

func params(words []string) any {
	if len(words) == 0 {
		return nil
	}
	return jsonv2.Value(strings.Join(words, " "))
}

func (p *playbook) finished(name string) *playedCall {
	p.t.Helper()
	c := p.calls[name]
	select {
	case <-c.done:
		return c
	case <-time.After(5 * time.Second):
		p.t.Fatalf("%s: the call goes on", p.line)
		return nil
	}
}

func (p *playbook) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", p.line, err)
	}
}

func (p *playbook) same(got, want []byte) {
	p.t.Helper()
	if a, b := canonical(p.t, got), canonical(p.t, want); a != b {
		p.t.Fatalf("%s\nbut got %s", p.line, a)
	}
}

// canonical makes two spellings of one JSON value equal.
func canonical(t *testing.T, b []byte) string {
	t.Helper()
	v := jsonv2.Value(b).Clone()
	if err := v.Canonicalize(); err != nil {
		return string(b)
	}
	return string(v)
}

func (p *playbook) class(err error, want string) {
	p.t.Helper()
	if is, known := classes[want]; known {
		if !is(err) {
			p.t.Fatalf("%s: but got %v", p.line, err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		p.t.Fatalf("%s: but got %v", p.line, err)
	}
}
