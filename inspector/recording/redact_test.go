package recording

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
)

// secretMessages are messages of every form in which a secret comes: each holds
// "s3cret" and, under "keep", what must stay.
var secretMessages = []struct{ name, method, params, result string }{
	{"request", "Network.requestWillBeSent", `{"requestId":"keep","request":{"url":"https://a.example/","headers":{"Cookie":"sid=s3cret","accept":"keep"}}}`, ""},
	{"lower case", "Network.requestWillBeSent", `{"request":{"headers":{"authorization":"Bearer s3cret","PROXY-AUTHORIZATION":"s3cret","x":"keep"}}}`, ""},
	{"redirect", "Network.requestWillBeSent", `{"redirectResponse":{"headers":{"set-cookie":"a=s3cret\nb=s3cret"},"keep":1}}`, ""},
	{"response text", "Network.responseReceived", `{"response":{"headersText":"HTTP/1.1 200 OK\r\nSet-Cookie: a=s3cret\r\nX: keep\r\n\r\n","requestHeadersText":"GET / HTTP/1.1\r\nCookie: a=s3cret\r\n"}}`, ""},
	{"sent cookies", "Network.requestWillBeSentExtraInfo", `{"associatedCookies":[{"blockedReasons":[],"cookie":{"name":"keep","value":"s3cret","domain":"a.example"}}],"headers":{"Cookie":"k=s3cret"}}`, ""},
	{"blocked cookies", "Network.responseReceivedExtraInfo", `{"blockedCookies":[{"blockedReasons":["keep"],"cookieLine":"a=s3cret; Path=/","cookie":{"name":"a","value":"s3cret"}}],"headers":{"Set-Cookie":"a=s3cret"},"exemptedCookies":[{"cookieLine":"s3cret","cookie":{"name":"a","value":"s3cret"}}]}`, ""},
	{"cookie store", "Network.getCookies", `{"urls":["keep"]}`, `{"cookies":[{"name":"sid","value":"s3cret","path":"/keep"}]}`},
	{"header list", "Fetch.requestPaused", `{"responseHeaders":[{"name":"Set-Cookie","value":"s3cret"},{"name":"x","value":"keep"}]}`, ""},
	{"binary headers", "Fetch.fulfillRequest", `{"requestId":"keep","binaryResponseHeaders":"s3cret"}`, ""},
	{"credentials", "Fetch.continueWithAuth", `{"authChallengeResponse":{"response":"keep","username":"u","password":"s3cret"}}`, ""},
	{"WebSocket", "Network.webSocketHandshakeResponseReceived", `{"response":{"headers":{"Set-Cookie":"s3cret"},"requestHeaders":{"Cookie":"s3cret"},"status":101,"keep":1}}`, ""},
	{"recorder", "Runtime.bindingCalled", `{"name":"keep","payload":"{\"headers\":[[\"Cookie\",\"s3cret\"],[\"x\",\"keep\"]],\"more\":{\"Authorization\":\"s3cret\"}}"}`, ""},
	{"escaped", "Network.requestWillBeSent", `{"request":{"headers":{"\u0043ookie":"s3cret","x":"keep"}}}`, ""},
	{"cache snapshot", "swinspect.cacheSnapshot", `{"storageKey":"keep","entries":[{"requestHeaders":[{"Name":"Authorization","Value":"s3cret"}],"responseHeaders":[{"Name":"Set-Cookie","Value":"s3cret"}]}]}`, ""},
	{"password in URL", "Network.requestWillBeSent", `{"request":{"url":"https://user:s3cret@a.example/keep","headers":{}}}`, ""},
	{"trace", "SWInspect.traced", `{"details":{"cookie":"s3cret","keep":"1"}}`, ""},
	{"two values", "Network.requestWillBeSent", `{"request":{"headers":{"Cookie":["s3cret","s3cret"],"keep":"1"}}}`, ""},
}

func TestRedact(t *testing.T) {
	for _, c := range secretMessages {
		m := inspector.Message{Kind: inspector.KindEvent, Method: c.method, Params: jsonv2.Value(c.params), Result: jsonv2.Value(c.result)}
		got := Redact(m)
		all := string(got.Params) + string(got.Result)
		if strings.Contains(all, "s3cret") || !strings.Contains(all, Redacted) {
			t.Errorf("%s: %s", c.name, all)
		}
		if strings.Count(c.params+c.result, "keep") != strings.Count(all, "keep") {
			t.Errorf("%s lost more than the secret: %s", c.name, all)
		}
		if string(m.Params) != c.params || string(m.Result) != c.result {
			t.Errorf("%s: the message itself was changed", c.name)
		}
		if again := Redact(got); string(again.Params) != string(got.Params) {
			t.Errorf("%s: redacting twice gives %s", c.name, again.Params)
		}
	}
}

func TestRedactKeeps(t *testing.T) {
	for _, params := range []string{
		`{"cookieEnabled":true,"name":"cookie","cookie":7}`, `{"email":"a@b.example","url":"https://a.example/@user:x"}`, `{"text":"the word authorization is fine"}`,
		`not JSON with cookie`, `"cookie"`, `{"url":"https://user@a.example/"}`, `{"payload":"{cookie"}`,
	} {
		m := Redact(inspector.Message{Params: jsonv2.Value(params)})
		if string(m.Params) != params {
			t.Errorf("%s became %s", params, m.Params)
		}
	}
}

// Nothing of a secret is in the bytes of the file, and the file says so.
func TestFileIsRedacted(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := create(t, Options{KeepSecrets: keep})
		for _, c := range secretMessages {
			for range 2 {
				must(t, w.Write(inspector.Message{Time: start, Kind: inspector.KindEvent, Method: c.method, Params: jsonv2.Value(c.params), Result: jsonv2.Value(c.result)}))
			}
		}
		must(t, w.Flush(context.Background())) // into the tail, which is not packed
		raw, err := os.ReadFile(w.Path() + "-wal")
		must(t, err)
		if found := bytes.Contains(raw, []byte("s3cret")); found != keep {
			t.Errorf("secrets kept: %v, and the log of the file holds one: %v", keep, found)
		}
		f := reopen(t, w)
		if f.Meta().Redacted == keep {
			t.Errorf("meta says redacted: %v", f.Meta().Redacted)
		}
		found := false
		for m, err := range f.Messages(context.Background(), time.Time{}) {
			must(t, err)
			found = found || bytes.Contains(m.Params, []byte("s3cret")) || bytes.Contains(m.Result, []byte("s3cret"))
		}
		if found != keep {
			t.Errorf("secrets kept: %v, and a message holds one: %v", keep, found)
		}
	}
}
