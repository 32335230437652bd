package cdp

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeMessage(t *testing.T) {
	tests := map[string]struct {
		in   string
		want Message
	}{
		"event":          {`{"method":"A.b","params":{"x":1}}`, Message{Method: "A.b", Params: []byte(`{"x":1}`)}},
		"reply":          {`{"id":7,"sessionId":"S","result":{}}`, Message{ID: 7, SessionID: "S", Result: []byte(`{}`)}},
		"error":          {`{"id":7,"error":{"code":-32000,"message":"m","data":"d"}}`, Message{ID: 7, Error: &MessageError{-32000, "m", "d"}}},
		"error, no text": {`{"id":7,"error":{}}`, Message{ID: 7, Error: &MessageError{}}},
		"invalid UTF-8":  {"{\"method\":\"A\xff\",\"params\":{\"s\":\"\xc0\"}}", Message{Method: "A\uFFFD", Params: []byte("{\"s\":\"\uFFFD\"}")}},
		"lone surrogate": {`{"method":"A","params":{"s":"\ud800 \udc00x"}}`, Message{Method: "A", Params: []byte("{\"s\":\"\uFFFD \uFFFDx\"}")}},
		"a pair is kept": {`{"method":"A","params":{"s":"\ud83d\ude00"}}`, Message{Method: "A", Params: []byte(`{"s":"\ud83d\ude00"}`)}},
		"repeated names": {`{"id":1,"id":2,"result":{"a":1,"a":2}}`, Message{ID: 2, Result: []byte(`{"a":1,"a":2}`)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeMessage([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			a, errA := Encode(got)
			b, errB := Encode(test.want)
			if errA != nil || errB != nil || string(a) != string(b) {
				t.Errorf("got %s, want %s (%v, %v)", a, b, errA, errB)
			}
		})
	}
}

func TestDecodeMessageFails(t *testing.T) {
	for _, in := range []string{
		"", " ", "null and void", `{"id":1`, `{"id":1}{"id":2}`, `[]`, `"x"`, `42`, `{"id":1.5}`, `{"id":99999999999999999999}`,
		`{"method":[]}`, `{"error":"text"}`, `{"error":{"code":"x"}}`, "{\"id\":1\x00}", strings.Repeat("[", 20000),
		"\xff\xfe", strings.Repeat("{\"params\":", 20000),
	} {
		_, err := DecodeMessage([]byte(in))
		broken, ok := errors.AsType[*ProtocolError](err)
		if !ok {
			t.Errorf("%.40q: %v", in, err)
			continue
		}
		if len(broken.Excerpt) > 200 || broken.Err == nil {
			t.Errorf("%.40q: %+v", in, broken)
		}
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"result":{"product":"Chrome/156"}}`,
		`{"method":"Target.attachedToTarget","params":{"sessionId":"S","targetInfo":{}}}`,
		`{"sessionId":"S","method":"Target.detachedFromTarget","params":{"sessionId":7}}`,
		`{"id":1,"error":{"code":-32601,"message":"'A.b' wasn't found","data":[]}}`,
		"{\"method\":\"\xed\xa0\x80\"}", `{"id":null}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := DecodeMessage(in)
		if err != nil {
			if _, ok := errors.AsType[*ProtocolError](err); !ok {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		if !utf8.ValidString(m.Method) || !utf8.ValidString(m.SessionID) || !utf8.Valid(m.Params) || !utf8.Valid(m.Result) {
			t.Fatalf("text that is not UTF-8 got through: %+v", m)
		}
		// What was read once can be written and read again, and means the same.
		out, err := Encode(m)
		if err != nil {
			t.Fatalf("writing %+v: %v", m, err)
		}
		again, err := DecodeMessage(out)
		if err != nil {
			t.Fatalf("reading %s again: %v", out, err)
		}
		if out2, err := Encode(again); err != nil || string(out2) != string(out) {
			t.Fatalf("%s became %s, %v", out, out2, err)
		}
		// Nor does a connection that gets it fall over.
		c := NewConn(&oneMessage{in: in})
		defer func() { _ = c.Close() }()
		<-c.Done()
	})
}
