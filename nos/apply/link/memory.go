// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"sync"
)

// memory is what the kernel does not keep: which addresses of interfaces are ours, the
// MTUs that devices had before theirs were set, how ports spoke before they were ports, and
// what devices had before they were set down. It is on disk before
// something is changed, so that it says rather too much than too little.
type memory struct {
	file string // empty: nothing outlives the process

	mu   sync.Mutex
	kept kept
}

type kept struct {
	Made  map[string][]netip.Prefix `json:"made,omitempty"`  // by device
	MTU   map[string]int            `json:"mtu,omitempty"`   // by device, bytes
	Lost  map[string]lost           `json:"lost,omitempty"`  // by device
	Spoke map[string]spoke          `json:"spoke,omitempty"` // by device
}

func openMemory(file string) (*memory, error) {
	m := &memory{file: file, kept: kept{Made: map[string][]netip.Prefix{}, MTU: map[string]int{}}}
	if file == "" {
		return m, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m.kept)
	}
	if err != nil {
		return nil, fmt.Errorf("which addresses are ours: %w", err)
	}
	return m, nil
}

// makes notes addresses that are about to be given to a device.
func (m *memory) makes(device string, addresses []netip.Prefix) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := slices.Clone(m.kept.Made[device])
	for _, a := range addresses {
		if !slices.Contains(made, a) {
			made = append(made, a)
		}
	}
	if len(made) == len(m.kept.Made[device]) {
		return nil
	}
	m.kept.Made[device] = made
	return m.save()
}

// removed forgets addresses that were taken from a device.
func (m *memory) removed(device string, addresses []netip.Prefix) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(m.kept.Made[device]), func(a netip.Prefix) bool { return slices.Contains(addresses, a) })
	if len(left) == len(m.kept.Made[device]) {
		return nil
	}
	if m.kept.Made[device] = left; len(left) == 0 {
		delete(m.kept.Made, device)
	}
	return m.save()
}

// made returns the addresses of a device that may be ours.
func (m *memory) made(device string) []netip.Prefix {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kept.Made[device])
}

// makers returns the devices that have addresses of ours.
func (m *memory) makers() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sortedKeys(m.kept.Made)
}

// setsMTU notes what MTU a device has before one is set.
func (m *memory) setsMTU(device string, mtu int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.kept.MTU[device]; known {
		return nil
	}
	m.kept.MTU[device] = mtu
	return m.save()
}

// mtu returns what MTU a device had before, 0 if that is not known.
func (m *memory) mtu(device string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept.MTU[device]
}

// resetMTU forgets it, as the device has it again.
func (m *memory) resetMTU(device string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept.MTU, device)
	return m.save()
}

// save is called with the lock held.
func (m *memory) save() error {
	if m.file == "" {
		return nil
	}
	text, err := json.Marshal(m.kept)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(m.file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(m.file+".new", m.file)
}
