package main

import (
	"strings"

	"github.com/spf13/cobra"
)

const rootLong = `swinspect looks at and drives the service workers of a running browser over
the Chrome DevTools Protocol: Chromium, Chrome, Edge, Electron, local or remote,
or its own engine, the Service Workers specification without a browser.

Without a command it serves its page at http://127.0.0.1:7777 (see "swinspect
serve --help" for its flags) and shows a demo site on the engine, or with --site
yours. "swinspect engine" runs the engine alone, for any DevTools client. Every
other command attaches, does one thing and detaches; none opens, navigates or
wakes anything it was not asked to.

Naming a registration
  SCOPE is a scope URL (https://app.example/shop/), the end of one that fits
  only one registration (/shop/), or the short id that "swinspect ls" prints.
  Twins (one scope in two contexts, or partitioned under two sites) are told
  apart by --context or by that id.

Output
  Data goes to standard output, everything else to standard error. --json gives
  JSON (watch: one object a line). Colour only on a terminal, never with NO_COLOR.

Environment
  SWINSPECT_ATTACH    the browser to attach to when there is no --attach
  SWINSPECT_TIMEOUT   how long to wait, when there is no --timeout: 15s, 2m, 20
  SWINSPECT_BROWSER   the executable that --launch starts
  SWINSPECT_BACKEND   what "swinspect run" runs on, when there is no --backend
  A flag wins over the environment.

Exit status
  0  done, and confirmed by the browser
  1  the answer is no: nothing of that name, no match, no effect, refused
  2  the command line is wrong, or SCOPE fits more than one registration
  3  no browser could be reached
  4  it took longer than --timeout
  130 interrupted`

const rootExample = `  swinspect                                   # the page, at http://127.0.0.1:7777
  swinspect --site ./dist                     # the same for your built site, no browser needed
  swinspect --launch https://app.example/     # with a browser to try things in
  swinspect ls --attach 9222                  # every service worker of a browser
  swinspect skip-waiting /shop/ && echo live  # only after the new version is active
  swinspect watch --json | jq .what           # what changes, as it changes
  swinspect run tests --reporter junit=r.xml  # scripts that say what they expect`

// newRoot builds the whole command tree.
func newRoot(io stdio) *cobra.Command {
	s := &server{}
	root := &cobra.Command{
		Use:                        "swinspect",
		Short:                      "See and drive every service worker of a browser",
		Long:                       rootLong,
		Example:                    rootExample,
		Args:                       s.args,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
		RunE:                       func(cmd *cobra.Command, args []string) error { return s.run(cmd, io, args) },
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w: try %s --help", err, cmd.CommandPath())
	})
	s.bind(root)
	root.Version = buildVersion().String()
	root.SetVersionTemplate("swinspect {{.Version}}\n")
	root.AddGroup(
		&cobra.Group{ID: "look", Title: "Look:"},
		&cobra.Group{ID: "drive", Title: "Drive:"},
		&cobra.Group{ID: "script", Title: "Script:"},
		&cobra.Group{ID: "other", Title: "Other:"},
	)
	root.SetHelpCommandGroupID("other")
	root.SetCompletionCommandGroupID("other")
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("look", newServe(io), newEngine(io), newLs(io), newShow(io), newClients(io), newWatch(io), newCache(io), newRecord(io), newOpen(io), newRecordings(io), newFetches(io), newDiff(io), newImportHAR(io), newExportHAR(io), newReplay(io), newReport(io), newExplain(io), newDoctor(io))
	add("drive", newActions(io)...)
	add("script", newRunScripts(io), newTypes(io))
	add("drive", newBreak(io), newDebug(io), newDAP(io))
	add("other", newVersion(io), newDocs(io), newReplayChild(io), newReplayOne(io), newRunChild(io))
	return root
}

// unknownCommand is the error for a first word that is no command.
func unknownCommand(cmd *cobra.Command, word string) error {
	hint := ""
	if like := cmd.SuggestionsFor(word); len(like) > 0 {
		hint = "did you mean " + strings.Join(like, " or ") + "?"
	}
	return &failure{exit: exitUsage, hint: hint, err: usage("%q is no command of swinspect: try swinspect --help", word)}
}
