// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// configFile is read when it exists and no other is named.
const configFile = "/etc/linkspan/linkspan.yaml"

// settle fills the flags of a role that were not typed: from the environment
// (LINKSPAN_CONTROLLER_LISTEN for --listen of the controller), else from the
// role's section of the configuration file. A field that no flag has is an
// error, so that a typing mistake is not silently ignored.
func settle(cmd *cobra.Command, role string) error {
	path, _ := cmd.Flags().GetString("config")
	sections, err := readConfig(path, cmd.Flags().Changed("config"))
	if err != nil {
		return err
	}
	section := sections[role]
	for name := range section {
		if cmd.LocalFlags().Lookup(name) == nil || notInFile(name) {
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: fmt.Sprintf("%s: %s has no setting %q", path, role, name),
				Hint: cmd.CommandPath() + " --help shows the settings there are",
			}
		}
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if err == nil && !f.Changed {
			err = settleFlag(cmd, f, role, path, section)
		}
	})
	return err
}

// notInFile says of what a role is asked about itself; it is no setting.
func notInFile(flag string) bool { return flag == "help" || flag == "config" }

func settleFlag(cmd *cobra.Command, f *pflag.Flag, role, path string, section map[string]yaml.Node) error {
	variable := "LINKSPAN_" + strings.ToUpper(strings.ReplaceAll(role+"_"+f.Name, "-", "_"))
	if value, ok := os.LookupEnv(variable); ok {
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			return &linkspan.Error{Code: linkspan.Invalid, Op: variable, Err: err}
		}
		return nil
	}
	node, ok := section[f.Name]
	if !ok {
		return nil
	}
	values, err := valuesOf(node)
	for _, value := range values {
		if err == nil {
			err = cmd.Flags().Set(f.Name, value)
		}
	}
	if err != nil {
		return &linkspan.Error{Code: linkspan.Invalid, Op: fmt.Sprintf("%s: line %d", path, node.Line), Err: err}
	}
	return nil
}

// valuesOf returns the value of a setting, or those of a list.
func valuesOf(node yaml.Node) (values []string, err error) {
	var one string
	if node.Kind == yaml.SequenceNode {
		err = node.Decode(&values)
		return values, err
	}
	err = node.Decode(&one)
	return []string{one}, err
}

// readConfig returns the sections of the file by role. A file that nobody named
// need not exist.
func readConfig(path string, named bool) (map[string]map[string]yaml.Node, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var sections map[string]map[string]yaml.Node
	if err := yaml.Unmarshal(text, &sections); err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: path, Err: err}
	}
	for role := range sections {
		if role != "controller" && role != "switch" && role != "registry" {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s: there is no role %q", path, role), Hint: "roles are controller, switch and registry"}
		}
	}
	return sections, nil
}
