package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

type cacheShow struct {
	cacheFlags
	body    bool
	output  string
	max     int64
	headers []string
}

// bodyView is `cache show --json`: the entry and its body, as text when it is
// UTF-8 and as base64 otherwise.
type bodyView struct {
	entryView
	Body      string `json:"body"`
	Base64    bool   `json:"bodyBase64"`
	Truncated bool   `json:"bodyTruncated"`
}

func newCacheShow(io stdio) *cobra.Command {
	c := &cacheShow{}
	cmd := &cobra.Command{
		Use:   "show SCOPE CACHE URL",
		Short: "Show one cached response: headers and body",
		Long: `Shows the response that a cache holds for a URL. It works for caches too large to
list, and shows what a page cannot see: headers and body of opaque responses.

--body writes the body alone, byte for byte; -o FILE writes it to a file. On a
terminal a body that is not text is not printed. Where variants differ by Vary,
--header says which request to answer.

Exit status: 0; 1 when there is no such registration, cache or entry.`,
		Example: `  swinspect cache show /shop/ v3 https://app.example/shop/app.js
  swinspect cache show /shop/ v3 https://app.example/shop/logo.png -o logo.png
  swinspect cache show /shop/ v3 https://app.example/api --header 'Accept: application/json' --body | jq`,
		Args:              args("SCOPE", "CACHE", "URL"),
		ValidArgsFunction: completeScope(io, &c.connection),
	}
	c.bind(cmd)
	f := cmd.Flags()
	f.BoolVar(&c.body, "body", false, "print the body alone")
	f.StringVarP(&c.output, "output", "o", "", "write the body to `FILE`")
	f.Int64Var(&c.max, "max", 64<<20, "read at most this many `BYTES` of the body")
	f.StringArrayVarP(&c.headers, "header", "H", nil, "a header of the request, `\"Name: value\"`; repeatable")
	run := c.with(io, c.run)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if c.max <= 0 {
			return usage("--max %d: it must be more than zero", c.max)
		}
		if _, err := parseHeaders(c.headers); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return cmd
}

func (c *cacheShow) run(ctx context.Context, s *session, args []string) error {
	headers, err := parseHeaders(c.headers)
	if err != nil {
		return err
	}
	ref, err := s.cache(ctx, args[0], c.bucket, args[1])
	if err != nil {
		return err
	}
	ctx, cancel := s.wait(ctx)
	defer cancel()
	defer s.io.progress("reading " + args[2])()
	entry, err := s.lookup(ctx, ref, args[2])
	if err != nil {
		return fmt.Errorf("looking up %s in cache %s: %w", clean(args[2]), quote(ref.Name), err)
	}
	if entry == nil {
		return &failure{exit: exitNo, err: fmt.Errorf("cache %s has no entry for %s", quote(ref.Name), clean(args[2])),
			hint: "swinspect cache match says which entries come near"}
	}
	if len(headers) == 0 {
		headers = entry.RequestHeaders
	}
	body, err := s.body(ctx, ref, args[2], headers, c.max)
	if err != nil {
		return fmt.Errorf("the body of %s in cache %s: %w", clean(args[2]), quote(ref.Name), err)
	}
	entry.Size = body.Size
	if entry.Problem != "" {
		s.io.say("%s", entry.Problem)
	}
	if body.Truncated {
		s.io.say("only the first %d of %d bytes: --max reads more", len(body.Data), body.Size)
	}
	return c.print(s, *entry, body)
}

func (c *cacheShow) print(s *session, e inspector.CacheEntry, body *inspector.Body) error {
	if c.output != "" {
		if err := os.WriteFile(c.output, body.Data, 0o600); err != nil {
			return fmt.Errorf("writing the body: %w", err)
		}
		s.io.say("%d bytes written to %s", len(body.Data), c.output)
		if !s.json {
			return nil
		}
	}
	if s.json {
		v := bodyView{entryView: viewEntry(e), Body: string(body.Data), Truncated: body.Truncated}
		if !utf8.Valid(body.Data) {
			v.Body, v.Base64 = base64.StdEncoding.EncodeToString(body.Data), true
		}
		return s.io.json(v)
	}
	if !c.body {
		p := &page{out: s.io.out}
		p.line("%s %s", clean(e.Method), clean(e.URL))
		for _, h := range e.RequestHeaders {
			p.line("> %s: %s", clean(h.Name), clean(h.Value))
		}
		p.line("\n%d %s  (%s, %d bytes, cached %s)", e.Status, clean(e.StatusText), clean(e.Type), e.Size, when(e.Time))
		for _, h := range e.ResponseHeaders {
			p.line("< %s: %s", clean(h.Name), clean(h.Value))
		}
		p.line("")
		if p.err != nil {
			return p.err
		}
	}
	return c.printBody(s, body.Data)
}

// printBody writes bytes as they are, except that a terminal gets only text,
// made harmless.
func (c *cacheShow) printBody(s *session, data []byte) error {
	if !isTerminal(s.io.out) {
		_, err := s.io.out.Write(data)
		return err
	}
	if !utf8.Valid(data) {
		return &failure{exit: exitNo, err: errors.New("the body is not text"), hint: "-o FILE writes it to a file; a pipe gets it as it is"}
	}
	for line := range strings.Lines(string(data)) {
		text, end := strings.CutSuffix(line, "\n")
		if _, err := fmt.Fprint(s.io.out, strings.ReplaceAll(clean(text), `\u0009`, "\t")); err != nil {
			return err
		}
		if end {
			if _, err := fmt.Fprintln(s.io.out); err != nil {
				return err
			}
		}
	}
	return nil
}
