package notifications

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// permission is a permission's state: "granted", "denied" or undecided, which is
// what Notification calls "default" and Permissions "prompt".
func permission(r *idl.Realm, name, undecided string) string {
	ask := env.Of(r.Realm).Permission
	if ask == nil {
		return undecided
	}
	if state := ask(name); state == "granted" || state == "denied" {
		return state
	}
	return undecided
}

// permissionNames are those that query knows.
var permissionNames = []string{
	"geolocation", "notifications", "push", "midi", "camera", "microphone", "background-fetch", "background-sync",
	"persistent-storage", "periodic-background-sync", "clipboard-read", "clipboard-write", "accelerometer", "gyroscope",
	"magnetometer", "screen-wake-lock", "storage-access",
}

type permissions struct{}

// Permissions is the interface of that name.
//
// Source: https://w3c.github.io/permissions/
var Permissions = &idl.Interface{
	Name: "Permissions",
	Members: []idl.Member{
		idl.PromiseMethod("query", 1, func(c *idl.Call) goja.Value {
			idl.This[*permissions](c)
			name, ok := c.Dict(0).Get("name")
			if !ok {
				panic(c.Fail("Failed to read the 'name' property from 'PermissionDescriptor': Required member is undefined."))
			}
			s := &status{name: idl.ToString(c, name)}
			if !slices.Contains(permissionNames, s.name) {
				panic(c.Fail("Failed to read the 'name' property from 'PermissionDescriptor': The provided value '%s' is not a valid enum value of type PermissionName.", s.name))
			}
			return later(c.Realm, func() goja.Value {
				s.Bind(c.Realm, idl.Wrap(c.Realm, PermissionStatus, s))
				return s.Object()
			})
		}),
	},
}

type status struct {
	dom.Target
	name string
}

// PermissionStatus is the interface of that name.
var PermissionStatus = &idl.Interface{
	Name: "PermissionStatus", Parent: dom.EventTarget,
	Members: []idl.Member{
		idl.Attr("state", func(c *idl.Call) goja.Value {
			s := idl.This[*status](c)
			name := s.name
			if name == "push" {
				name = "notifications"
			}
			undecided := "prompt"
			if name == "background-sync" {
				undecided = "granted"
			}
			return c.Value(permission(s.Realm(), name, undecided))
		}, nil),
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(idl.This[*status](c).name) }, nil),
		dom.Handler("change"),
	},
}

type permissionsKey struct{}

// PermissionsObject is what navigator.permissions answers.
func PermissionsObject(r *idl.Realm) *goja.Object {
	if o, ok := r.Value(permissionsKey{}).(*goja.Object); ok {
		return o
	}
	o := idl.Wrap(r, Permissions, &permissions{})
	r.SetValue(permissionsKey{}, o)
	return o
}
