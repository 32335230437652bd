package fetch

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestTee(t *testing.T) {
	text := strings.Repeat("0123456789", 10_000)
	a, b := StreamBody(io.NopCloser(strings.NewReader(text)), -1).Tee()
	one, err := a.ReadAll(t.Context(), 0)
	if err != nil || string(one) != text {
		t.Fatal(len(one), err)
	}
	if two, err := b.ReadAll(t.Context(), 0); err != nil || string(two) != text {
		t.Fatal(len(two), err)
	}
}

// Close of a branch ends its Read, and that of both ends the reader.
func TestTeeCloseWhileReading(t *testing.T) {
	reader, writer := io.Pipe()
	a, b := StreamBody(reader, -1).Tee()
	done := make(chan error, 2)
	for _, body := range []*Body{a, b} {
		go func() { _, err := body.Reader().Read(make([]byte, 1)); done <- err }()
	}
	time.Sleep(10 * time.Millisecond)
	for _, body := range []*Body{a, b} {
		body.Cancel()
		if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	}
	if _, err := writer.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestBodyLimit(t *testing.T) {
	body := StreamBody(io.NopCloser(strings.NewReader("12345")), -1)
	if _, err := body.ReadAll(t.Context(), 4); !errors.Is(err, ErrBodyTooLarge) {
		t.Error(err)
	}
}
