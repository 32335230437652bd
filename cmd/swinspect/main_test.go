package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("SWINSPECT_ENGINE_CHILD") != "" {
		main() // the engine that a test's serve starts is this binary
	}
	goleak.VerifyTestMain(m)
}

// result is what one call of the program came to.
type result struct {
	exit     int
	out, err string
}

// call runs the program in this process, without a terminal.
func call(t *testing.T, args ...string) result {
	t.Helper()
	return callWith(t, nil, "", args...)
}

// callWith runs the program with an environment and standard input.
func callWith(t *testing.T, env map[string]string, in string, args ...string) result {
	t.Helper()
	return callFor(t, time.Minute, env, in, args...)
}

// callFor is callWith for what may take longer than a minute.
func callFor(t *testing.T, limit time.Duration, env map[string]string, in string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var out, errs syncBuffer
	exit := run(ctx, args, stdio{in: strings.NewReader(in), out: &out, err: &errs, env: func(k string) string { return env[k] }})
	if ctx.Err() != nil {
		t.Fatalf("swinspect %s did not end within %s\nout: %s\nerr: %s", strings.Join(args, " "), limit, &out, &errs)
	}
	return result{exit, out.String(), errs.String()}
}

// want fails the test when the exit status differs, or a part is missing from
// the standard error.
func (r result) want(t *testing.T, exit int, parts ...string) result {
	t.Helper()
	if r.exit != exit {
		t.Errorf("exit %d, want %d\nout: %s\nerr: %s", r.exit, exit, r.out, r.err)
	}
	for _, p := range parts {
		if !strings.Contains(r.err, p) {
			t.Errorf("standard error lacks %q: %s", p, r.err)
		}
	}
	return r
}

// decode reads the standard output as one JSON value.
func decode[T any](t *testing.T, r result) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(r.out))
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("standard output is no JSON: %v\nout: %s\nerr: %s", err, r.out, r.err)
	}
	if dec.More() {
		t.Fatalf("more than one JSON value: %s", r.out)
	}
	return v
}

// syncBuffer is a buffer that the program may still write to while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
