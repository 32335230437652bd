package devtools

import (
	"context"
	"strings"
	"unicode"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
)

// grantParams are those of Browser.grantPermissions, which cdproto no longer has.
type grantParams struct {
	Permissions      []browser.PermissionType `json:"permissions"`
	BrowserContextID cdproto.BrowserContextID `json:"browserContextId,omitempty"`
}

// permissionCommands are Browser's commands for permissions.
//
// DIVERGES: a permission holds for every origin of the browser context.
func permissionCommands(t *table) {
	handle(t, browser.SetPermission, func(_ context.Context, s *session, p browser.SetPermissionParams) (cdproto.Empty, error) {
		c, err := s.server.contextByID(p.BrowserContextID)
		switch {
		case err != nil:
			return none, err
		case p.Permission == nil:
			return none, invalid("permission: an object")
		}
		c.SetPermission(permissionName(p.Permission.Name), string(p.Setting))
		return none, nil
	})
	handle(t, cdproto.Command[grantParams, cdproto.Empty]{Method: "Browser.grantPermissions"}, func(_ context.Context, s *session, p grantParams) (cdproto.Empty, error) {
		c, err := s.server.contextByID(p.BrowserContextID)
		if err != nil {
			return none, err
		}
		for _, name := range p.Permissions {
			c.SetPermission(permissionName(dashed(string(name))), "granted")
		}
		return none, nil
	})
	handle(t, browser.ResetPermissions, func(_ context.Context, s *session, p browser.ResetPermissionsParams) (cdproto.Empty, error) {
		c, err := s.server.contextByID(p.BrowserContextID)
		if err != nil {
			return none, err
		}
		c.ResetPermissions()
		return none, nil
	})
}

// permissionName is what the engine asks for: pushing is notifying.
func permissionName(name string) string {
	if name == "push" {
		return "notifications"
	}
	return name
}

// dashed is the name that scripts know of one that Browser.grantPermissions knows:
// "periodicBackgroundSync" is "periodic-background-sync".
func dashed(name string) string {
	var b strings.Builder
	for _, c := range name {
		if unicode.IsUpper(c) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
