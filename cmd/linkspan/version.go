// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

// build is what a binary says of itself.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	return b
}

func (a *app) versionCommand() *cobra.Command {
	o := output.Options{}
	c := &cobra.Command{
		Use: "version", Short: "print the version of this program", Args: exactly(0),
		Example: "  linkspan version --format '{{.Version}}'",
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if o.Output == "table" && o.Format == "" {
				o.Format = "linkspan {{.Version}} ({{.Go}} {{.OS}}/{{.Arch}})"
			}
			return output.PrintOne(a.out, o, b)
		},
	}
	o.AddFlags(c.Flags(), false)
	return c
}
