package cdp

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// A session that ends while one of its events is being written, to a peer that does not
// read just now, ends alone: the connection goes on.
func TestSessionEndsInTheMiddleOfAWrite(t *testing.T) {
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	opened := make(chan *ServerSession, 1)
	m := NewMux()
	served := make(chan error, 1)
	go func() {
		served <- Serve(t.Context(), NewStream(fromClient, toClient), m, OnConnect(func(root *ServerSession) {
			s, err := root.Open("S", m, nil)
			if err != nil {
				t.Error(err)
			}
			opened <- s
		}))
	}()
	s := <-opened
	emitted := make(chan error, 1)
	go func() { emitted <- s.Emit("Large.event", strings.Repeat("x", 1<<20)) }()
	one := make([]byte, 1)
	if _, err := io.ReadFull(fromServer, one); err != nil { // the write has begun
		t.Fatal(err)
	}
	s.Close()
	time.Sleep(20 * time.Millisecond)
	client := NewStream(fromServer, toServer)
	if _, err := client.Read(t.Context()); err != nil { // the rest of it
		t.Fatalf("the connection ended with the session: %v", err)
	}
	if err := <-emitted; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := client.Write(ctx, []byte(`{"id":1,"method":"No.such"}`)); err != nil {
		t.Fatal(err)
	}
	if b, err := client.Read(ctx); err != nil || !strings.Contains(string(b), "wasn't found") {
		t.Errorf("%s, %v", b, err)
	}
	_ = client.Close()
	<-served
}
