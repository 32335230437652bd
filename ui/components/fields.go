package components

import (
	"github.com/swinspect/swinspect/inspector"
)

// Field is a hidden form field.
type Field struct{ Name, Value string }

// Fields spells an action as form fields, without the empty ones.
func Fields(a inspector.Action) []Field {
	all := []Field{
		{"kind", string(a.Kind)},
		{"instance", a.Registration.Instance},
		{"in", a.Registration.Context},
		{"registration", a.Registration.ID},
		{"version", a.Version},
		{"client", a.Client},
		{"context", a.Context},
		{"data", a.Data},
		{"binary", onWord(a.Binary)},
		{"tag", a.Tag},
		{"on", onWord(a.On)},
		{"cacheInstance", a.Cache.Instance},
		{"cacheContext", a.Cache.Context},
		{"cacheKey", a.Cache.StorageKey},
		{"cacheBucket", a.Cache.Bucket},
		{"cache", a.Cache.Name},
		{"url", a.URL},
		{"storageInstance", a.Storage.Instance},
		{"storageContext", a.Storage.Context},
		{"storageKey", a.Storage.StorageKey},
		{"storageBucket", a.Storage.Bucket},
	}
	var out []Field
	for _, f := range all {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// ParseAction reads what [Fields] spells; get answers "" for a missing field.
func ParseAction(get func(name string) string) inspector.Action {
	return inspector.Action{
		Kind: inspector.ActionKind(get("kind")),
		Registration: inspector.RegistrationKey{
			Instance: get("instance"), Context: get("in"), ID: get("registration"),
		},
		Version: get("version"),
		Client:  get("client"),
		Context: get("context"),
		Data:    get("data"),
		Binary:  get("binary") == "on" || get("format") == "base64",
		Tag:     get("tag"),
		On:      get("on") == "on",
		Cache: inspector.CacheRef{
			StorageRef: inspector.StorageRef{
				Instance: get("cacheInstance"), Context: get("cacheContext"),
				StorageKey: get("cacheKey"), Bucket: get("cacheBucket"),
			},
			Name: get("cache"),
		},
		URL: get("url"),
		Storage: inspector.StorageRef{
			Instance: get("storageInstance"), Context: get("storageContext"),
			StorageKey: get("storageKey"), Bucket: get("storageBucket"),
		},
	}
}

func onWord(on bool) string {
	if on {
		return "on"
	}
	return ""
}

func turned(a inspector.Action, on bool) inspector.Action {
	a.On = on
	return a
}

func doTitle(d Do) string {
	if d.Title != "" {
		return d.Title
	}
	return d.Label
}

// DoURL is where the actions of the page's browser are posted.
func DoURL(sh *Shell) string {
	if sh.Browser == nil {
		return "/do"
	}
	return "/b/" + sh.Browser.ID + "/do"
}
