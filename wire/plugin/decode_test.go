// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/wire/plugin"
)

// requests has one of each body that is decoded.
func requests() []plugin.Request {
	return []plugin.Request{
		&plugin.GwAllocCheckRequest{}, &plugin.CreateNetworkRequest{}, &plugin.NetworkRequest{},
		&plugin.AllocateNetworkRequest{}, &plugin.DiscoveryRequest{}, &plugin.CreateEndpointRequest{},
		&plugin.EndpointRequest{}, &plugin.JoinRequest{}, &plugin.ExternalConnectivityRequest{},
		&plugin.RequestPoolRequest{}, &plugin.ReleasePoolRequest{}, &plugin.RequestAddressRequest{},
		&plugin.ReleaseAddressRequest{},
	}
}

// recorded has bodies as Docker sent them.
func recorded() []string {
	return []string{
		`{"NetworkID":"96fd","Options":{"com.docker.network.enable_ipv4":true,"com.docker.network.enable_ipv6":true,
 "com.docker.network.generic":{"com.docker.network.driver.mtu":"1400","vlan":"12"}},
 "IPv4Data":[{"AddressSpace":"localSpace","AuxAddresses":{"nas":"10.91.0.5/24"},"Gateway":"10.91.0.1/24","Pool":"10.91.0.0/24"}],
 "IPv6Data":[{"AddressSpace":"localSpace","AuxAddresses":{},"Gateway":"fd91::1/64","Pool":"fd91::/64"}]}`,
		`{"AddressSpace":"localSpace","Pool":"10.91.0.0/24","SubPool":"10.91.0.128/25","Options":{"a":"b"},"V6":false}`,
		`{"PoolID":"pool-1","Address":"10.91.0.140","Options":{"com.docker.network.endpoint.macaddress":"02:aa:bb:cc:dd:01","com.docker.network.endpoint.name":"c1"}}`,
		`{"NetworkID":"96fd","EndpointID":"6cae","Interface":{"Address":"10.91.0.140/24","AddressIPv6":"fd91::140/64","MacAddress":"02:aa:bb:cc:dd:01"},
 "Options":{"com.docker.network.endpoint.dnsservers":["9.9.9.9"],
 "com.docker.network.endpoint.exposedports":[{"Proto":6,"Port":80},{"Proto":17,"Port":81}],
 "com.docker.network.endpoint.macaddress":"Aqq7zN0B",
 "com.docker.network.portmap":[{"Proto":6,"IP":"","Port":80,"HostIP":"","HostPort":18080,"HostPortEnd":18080},
  {"Proto":17,"IP":"","Port":81,"HostIP":"","HostPort":18081,"HostPortEnd":18081}],"my":"opt"}}`,
		`{"NetworkID":"rdsbidhzmjtqrtqp4slgmjzvo","Options":{"k":"v","vlan":"9"},"IPv4Data":[{"AddressSpace":"","Gateway":"10.66.0.1/24","Pool":"10.66.0.0/24"}],"IPv6Data":null}`,
		`{"DiscoveryType":1,"DiscoveryData":{"Address":"127.0.0.1","BindAddress":"127.0.0.1","Self":true}}`,
	}
}

func TestEmptyBodiesAreErrors(t *testing.T) {
	for _, req := range requests() {
		for _, body := range []string{"", "  \n"} {
			if err := plugin.Decode(strings.NewReader(body), req); !errors.Is(err, plugin.ErrEmpty) {
				t.Errorf("%T: got %v", req, err)
			}
		}
	}
}

func TestNeededFields(t *testing.T) {
	for _, req := range requests()[1:] { // GwAllocCheck needs nothing
		if err := plugin.Decode(strings.NewReader(`{"Options":{}}`), req); err == nil {
			t.Errorf("%T: decoded from nothing", req)
		}
	}
}

func TestAbsentNullAndEmptyAreTheSame(t *testing.T) {
	var first *plugin.CreateNetworkRequest
	for _, body := range []string{
		`{"NetworkID":"n"}`,
		`{"NetworkID":"n","Options":null,"IPv4Data":null,"IPv6Data":null}`,
		`{"NetworkID":"n","Options":{},"IPv4Data":[],"IPv6Data":[],"New":{"in":"29"}}`,
	} {
		req := new(plugin.CreateNetworkRequest)
		if err := plugin.Decode(strings.NewReader(body), req); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = req
		}
		if len(req.Options)+len(req.IPv4Data)+len(req.IPv6Data) > 0 || req.NetworkID != first.NetworkID {
			t.Errorf("%s: got %+v", body, req)
		}
	}
}

func TestALargeBodyIsRefused(t *testing.T) {
	body := io.MultiReader(strings.NewReader(`{"PoolID":"`), &endless{})
	if err := plugin.Decode(body, new(plugin.ReleasePoolRequest)); !errors.Is(err, plugin.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (*endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

func TestPortBindings(t *testing.T) {
	var req plugin.CreateEndpointRequest
	if err := plugin.Decode(strings.NewReader(recorded()[3]), &req); err != nil {
		t.Fatal(err)
	}
	got, err := plugin.PortBindings(req.Options)
	if err != nil {
		t.Fatal(err)
	}
	want := []plugin.PortBinding{
		{Proto: 6, Port: 80, HostPort: 18080, HostPortEnd: 18080},
		{Proto: 17, Port: 81, HostPort: 18081, HostPortEnd: 18081},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bindings (-want +got):\n%s", diff)
	}
	for _, bad := range []any{"text", 7, []any{"text"}} {
		if _, err := plugin.PortBindings(map[string]any{plugin.OptionPortMap: bad}); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
	for _, none := range []map[string]any{nil, {plugin.OptionPortMap: nil}, {plugin.OptionPortMap: []any{}}} {
		if got, err := plugin.PortBindings(none); err != nil || len(got) > 0 {
			t.Errorf("%v: got %v, %v", none, got, err)
		}
	}
}

// What decodes is valid and, written and read again, the same.
func FuzzDecode(f *testing.F) {
	for _, body := range recorded() {
		for kind := range requests() {
			f.Add(uint8(kind), []byte(body))
		}
	}
	f.Add(uint8(0), []byte("{}"))
	f.Add(uint8(1), []byte("null"))
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		req := requests()[int(kind)%len(requests())]
		if plugin.Decode(strings.NewReader(string(body)), req) != nil {
			return
		}
		if err := req.Validate(); err != nil {
			t.Errorf("decoded what is not valid: %v", err)
		}
		text, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		again := reflect.New(reflect.TypeOf(req).Elem()).Interface().(plugin.Request)
		if err := plugin.Decode(strings.NewReader(string(text)), again); err != nil && !errors.Is(err, plugin.ErrTooLarge) {
			t.Errorf("%s does not decode again: %v", text, err)
		} else if diff := cmp.Diff(req, again); err == nil && diff != "" {
			t.Errorf("not the same again (-first +again):\n%s", diff)
		}
		if create, ok := req.(*plugin.CreateEndpointRequest); ok {
			_, _ = plugin.PortBindings(create.Options)
		}
	})
}
