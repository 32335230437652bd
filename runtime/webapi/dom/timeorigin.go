package dom

import (
	"time"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// TimeOrigin is the realm's time origin: when it was first asked for.
func TimeOrigin(r *idl.Realm) time.Time {
	if t, ok := r.Value(originKey{}).(time.Time); ok {
		return t
	}
	now := r.Agent().Clock().Now()
	r.SetValue(originKey{}, now)
	return now
}
