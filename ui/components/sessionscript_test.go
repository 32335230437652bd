package components

import (
	"testing"

	"github.com/swinspect/swinspect/inspector"
)

func TestStepsScript(t *testing.T) {
	key := inspector.RegistrationKey{Instance: "i", Context: "c", ID: "1"}
	reg := &inspector.Registration{Key: key, Scope: "https://shop.example/"}
	st := &inspector.State{Targets: []*inspector.Target{{Key: inspector.TargetKey{ID: "T"}, URL: "https://shop.example/basket"}}}
	st.Connection.Endpoint = "127.0.0.1:9222"
	for _, a := range []inspector.Action{
		{Kind: inspector.Update, Registration: key}, {Kind: inspector.SkipWaiting, Registration: key, Version: "9"},
		{Kind: inspector.Push, Registration: key, Data: "it's\n"}, {Kind: inspector.SetOffline, Context: "c", On: true},
		{Kind: inspector.ReloadClient, Registration: key, Client: "T"},
		{Kind: inspector.Unregister, Registration: inspector.RegistrationKey{ID: "2"}},
	} {
		st.Receipts = append(st.Receipts, &inspector.Receipt{Action: a, Outcome: inspector.Confirmed})
	}
	want := `const browser = await attach('127.0.0.1:9222');
const registration = browser.registration('https://shop.example/');
` + pageAt + `
await registration.update();
await registration.skipWaiting();
await registration.push('it\'s\n');
await browser.network.offline(true);
await (await pageAt('https://shop.example/basket')).reload();
`
	if got := StepsScript(&Head{Registration: reg, State: st}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSString(t *testing.T) {
	for in, want := range map[string]string{`a"b`: `'a"b'`, `\"`: `'\\"'`, "it's": `'it\'s'`, "</script>": `'\u003c/script\u003e'`} {
		if got := JSString(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
