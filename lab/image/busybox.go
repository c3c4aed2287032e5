// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

// Reference is the name and tag that the image is loaded under.
const Reference = "busybox:latest"

// searchPath is where the image's programs are found; they all lie in /bin.
const searchPath = "PATH=/bin:/sbin:/usr/bin:/usr/sbin"

// Busybox returns an archive, as `docker load` takes it, of an image that holds
// the static busybox at path and a link to it for each applet.
func Busybox(path string, applets []string) ([]byte, error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read busybox: %w", err)
	}
	layer, err := pack(files(program, applets))
	if err != nil {
		return nil, err
	}
	config, err := describe(layer)
	if err != nil {
		return nil, err
	}
	configName, layerName := digest(config)+".json", digest(layer)+"/layer.tar"
	manifest, err := json.Marshal([]map[string]any{{
		"Config": configName, "RepoTags": []string{Reference}, "Layers": []string{layerName},
	}})
	if err != nil {
		return nil, fmt.Errorf("image manifest: %w", err)
	}
	return pack([]file{
		{name: configName, mode: 0o644, body: config},
		{name: digest(layer) + "/", mode: 0o755},
		{name: layerName, mode: 0o644, body: layer},
		{name: "manifest.json", mode: 0o644, body: manifest},
	})
}

// file is one entry of an archive: a folder when its name ends in a slash, a
// symbolic link when it has a target.
type file struct {
	name   string
	mode   int64
	body   []byte
	target string
}

func files(program []byte, applets []string) []file {
	list := []file{
		{name: "bin/", mode: 0o755},
		{name: "bin/busybox", mode: 0o755, body: program},
		{name: "dev/", mode: 0o755},
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, body: []byte("root:x:0:\nnogroup:x:65534:\n")},
		{name: "etc/passwd", mode: 0o644, body: []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")},
		{name: "proc/", mode: 0o755},
		{name: "root/", mode: 0o700},
		{name: "sbin", mode: 0o777, target: "bin"},
		{name: "sys/", mode: 0o755},
		{name: "tmp/", mode: 0o1777},
		{name: "usr/", mode: 0o755},
		{name: "usr/bin", mode: 0o777, target: "../bin"},
		{name: "usr/sbin", mode: 0o777, target: "../bin"},
		{name: "var/", mode: 0o755},
	}
	for _, applet := range slices.Compact(slices.Sorted(slices.Values(applets))) {
		if applet != "" && applet != "busybox" {
			list = append(list, file{name: "bin/" + applet, mode: 0o777, target: "busybox"})
		}
	}
	return list
}

// describe returns the image's configuration (OCI image specification, config).
func describe(layer []byte) ([]byte, error) {
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"created":      time.Unix(0, 0).UTC(),
		"config":       map[string]any{"Env": []string{searchPath}, "Cmd": []string{"sh"}},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
		"history":      []map[string]any{{"created": time.Unix(0, 0).UTC(), "created_by": "linkspan lab"}},
	})
	if err != nil {
		return nil, fmt.Errorf("image configuration: %w", err)
	}
	return config, nil
}

// pack writes an archive in which nothing depends on when or by whom it was made.
func pack(list []file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range list {
		if err := w.WriteHeader(f.header()); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack image: %w", err)
	}
	return out.Bytes(), nil
}

func (f file) header() *tar.Header {
	h := &tar.Header{Name: f.name, Mode: f.mode, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	switch {
	case f.target != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.target
	case f.name[len(f.name)-1] == '/':
		h.Typeflag = tar.TypeDir
	default:
		h.Typeflag, h.Size = tar.TypeReg, int64(len(f.body))
	}
	return h
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
