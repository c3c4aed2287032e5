// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/scriptfile"
	"github.com/linkspan/linkspan/api/yamlfile"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/script"
	"github.com/linkspan/linkspan/trust/sign"
)

func (a *app) scriptCommand() *cobra.Command {
	c := noun("script", "behavior scripts: what switches are to be, signed",
		a.scriptLint(), a.scriptKey(), a.scriptRoot(), a.scriptSign(), a.scriptInspect(), a.scriptExport(), a.scriptImport())
	c.Long = `A behavior script says what some switches are to be: their configuration, and services in
containers. It is written in YAML, signed, and carried out by each switch wholly or not at all:

    apiVersion: linkspan/v1
    kind: Behavior
    metadata: {name: branch}
    spec:
      targets: {names: [sw1, sw2]}
      configuration: [set vlans 10 description offices]
      composites:
        - name: edge
          attach: [{interface: eth0, vlan: 10, addresses: [192.0.2.1/24]}]
          services: [{name: routing, image: "base/routing:1.0", capabilities: [NET_ADMIN]}]
      gates: [{name: up, healthy: edge}]`
	return c
}

func (a *app) scriptLint() *cobra.Command {
	var schemas []string
	var pinned bool
	c := &cobra.Command{
		Use: "lint FILE...", Short: "say what is wrong with scripts, without asking anybody", Args: atLeast(1),
		Long: `Say what is wrong with scripts, each on a line with its file, line and column, and what was
expected; - is standard input. Also what switches admit is looked at (capabilities, volumes), and the
configuration, by the schema that every switch has. What an image brings to the configuration is not
known here: name its schema, with the path that it is mounted in, or the line is only told of.`,
		Example: "  linkspan script lint branch.yaml\n  linkspan script lint --pinned branch.yaml\n  linkspan script lint --schema /protocols=ospf.yaml branch.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := schemaWith(schemas)
			if err != nil {
				return err
			}
			failed := false
			for _, name := range args {
				_, err := a.readScript(name, a.scriptChecks(name, s, pinned)...)
				if err = a.mistakes(err, ""); err != nil && !errors.Is(err, status(exitFailed)) {
					return err
				}
				failed = failed || err != nil
			}
			if failed {
				return status(exitFailed)
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&schemas, "schema", nil, "also know the configuration that `PATH=FILE` brings; may be repeated")
	c.Flags().BoolVar(&pinned, "pinned", false, "each image must be named by its digest")
	c.ValidArgsFunction = scriptFiles
	return c
}

// scriptFiles completes files in YAML.
func scriptFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// envelopeFiles completes files in JSON.
func envelopeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
}

// schemaWith returns the schema of a switch with what files bring, each as PATH=FILE.
func schemaWith(files []string) (*schema.Schema, error) {
	s, err := schema.Base()
	if err != nil {
		return nil, err
	}
	for _, given := range files {
		place, name, ok := strings.Cut(given, "=")
		if !ok || !strings.HasPrefix(place, "/") {
			return nil, usageError{fmt.Errorf("--schema %s: write it as PATH=FILE, such as /protocols=ospf.yaml", given)}
		}
		text, err := readBounded(name, schema.MaxFile)
		if err != nil {
			return nil, err
		}
		if s, err = s.Mount(schema.Source{Name: name, Place: place, Text: text}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// scriptChecks is what a script is asked beyond itself.
func (a *app) scriptChecks(name string, s *schema.Schema, pinned bool) []scriptfile.Check {
	checks := []scriptfile.Check{scriptfile.Admitted, func(sc *linkspan.Script) []linkspan.Problem {
		wrong, unjudged := script.CheckLines(s, sc.Configure)
		for _, line := range unjudged {
			fmt.Fprintf(a.err, "linkspan: %s: not checked, as an image may bring it: %s\n", name, line)
		}
		return wrong
	}}
	if pinned {
		checks = append(checks, scriptfile.Pinned)
	}
	return checks
}

// readScript reads a script from a file, or standard input for a hyphen.
func (a *app) readScript(name string, checks ...scriptfile.Check) (*linkspan.Script, error) {
	text, shown, err := readFile(a.in, name)
	if err != nil {
		return nil, err
	}
	return scriptfile.Read(shown, text, checks...)
}

// readBounded reads a file of at most most bytes.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = yamlfile.TooLong(name, text, int(most))
	}
	return text, err
}

// readRoot reads a root document, which is trusted because of where it is from.
func readRoot(name string) (*sign.Root, []byte, error) {
	text, err := readBounded(name, sign.MaxEnvelope)
	if err != nil {
		return nil, nil, err
	}
	r, err := sign.FirstRoot(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, text, nil
}

// writeNew makes a file that was not there.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return &linkspan.Error{Code: linkspan.Exists, Message: name + " is there already", Hint: "choose another name"}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}
