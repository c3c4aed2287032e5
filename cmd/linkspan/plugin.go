// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
)

func (a *app) pluginCommand() *cobra.Command {
	return noun("plugin", "Docker's managed plugin, which swarms need", a.pluginExport())
}

func (a *app) pluginExport() *cobra.Command {
	return &cobra.Command{
		Use: "export FOLDER", Short: "write the managed plugin, for docker plugin create", Args: exactly(1),
		Long: `Write the managed plugin into a new folder, as docker plugin create takes it. Swarms
use no other plugins. It holds this program, and asks for nothing on the host but the
socket of the host's switch.`,
		Example: `  linkspan plugin export /tmp/plugin
  docker plugin create ` + pluginName + ` /tmp/plugin
  docker plugin enable ` + pluginName,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := exportPlugin(args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.err, "next: docker plugin create %[1]s %[2]s && docker plugin enable %[1]s\n", pluginName, args[0])
			return err
		},
	}
}

// pluginName is the plugin's usual name, without its tag.
var pluginName = strings.TrimSuffix(swarmDriver, ":latest")

// pluginConfig is the config.json of a managed plugin, as far as ours needs it
// (docs.docker.com/engine/extend/config).
type pluginConfig struct {
	Description   string          `json:"description"`
	Documentation string          `json:"documentation"`
	Entrypoint    []string        `json:"entrypoint"`
	WorkDir       string          `json:"workdir"`
	Interface     pluginInterface `json:"interface"`
	Network       struct {
		Type string `json:"type"`
	} `json:"network"`
	Mounts []pluginMount `json:"mounts"`
	Linux  struct {
		Capabilities []string `json:"capabilities"`
	} `json:"linux"`
}

type pluginInterface struct {
	Types  []string `json:"types"`
	Socket string   `json:"socket"`
}

type pluginMount struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Source      string   `json:"source"`
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Options     []string `json:"options"`
	Settable    []string `json:"settable"`
}

func newPluginConfig() pluginConfig {
	c := pluginConfig{
		Description:   "Linkspan for swarms: passes on to the switch of the host",
		Documentation: "https://github.com/linkspan/linkspan",
		Entrypoint:    []string{"/linkspan", "serve", "plugin"}, WorkDir: "/",
		Interface: pluginInterface{
			Types: []string{"docker.networkdriver/1.0", "docker.ipamdriver/1.0"}, Socket: filepath.Base(insidePlugin),
		},
		Mounts: []pluginMount{{
			Name: "switch", Description: "the folder of the switch's socket (--swarm-socket)",
			Source: filepath.Dir(swarmSocket), Destination: filepath.Dir(swarmSocket),
			Type: "bind", Options: []string{"bind", "ro"}, Settable: []string{"source"},
		}},
	}
	c.Network.Type = "none"
	c.Linux.Capabilities = []string{}
	return c
}

// exportPlugin writes the plugin into a folder that is not there yet, or is empty.
func exportPlugin(folder string) (err error) {
	if held, err := os.ReadDir(folder); err == nil && len(held) > 0 {
		return &linkspan.Error{Code: linkspan.Exists, Message: folder + " is not empty", Hint: "name a new folder"}
	}
	root := filepath.Join(folder, "rootfs")
	for _, inside := range []string{insidePlugin, swarmSocket} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(inside)), 0o755); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(newPluginConfig(), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return copyProgram(filepath.Join(root, "linkspan"))
}

// copyProgram writes this program into a file.
func copyProgram(path string) (err error) {
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer func() { _ = program.Close() }() // it was only read
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, program)
	return errors.Join(err, out.Close())
}
