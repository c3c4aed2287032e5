// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
)

// The rows below hold the columns this package reads or writes and no others
// (ovs-vswitchd.conf.db(5)): a monitor of a statistics column would wake us
// every five seconds for each port.

type rootRow struct {
	UUID          string            `ovsdb:"_uuid"`
	Bridges       []string          `ovsdb:"bridges"`
	NextCfg       int               `ovsdb:"next_cfg"`
	CurCfg        int               `ovsdb:"cur_cfg"`
	OtherConfig   map[string]string `ovsdb:"other_config"`
	DatapathTypes []string          `ovsdb:"datapath_types"`
	SSL           *string           `ovsdb:"ssl"`
}

type controllerRow struct {
	UUID           string  `ovsdb:"_uuid"`
	Target         string  `ovsdb:"target"`
	ConnectionMode *string `ovsdb:"connection_mode"`
}

type bridgeRow struct {
	UUID         string            `ovsdb:"_uuid"`
	Name         string            `ovsdb:"name"`
	DatapathType string            `ovsdb:"datapath_type"`
	DatapathID   *string           `ovsdb:"datapath_id"`
	Ports        []string          `ovsdb:"ports"`
	Controller   []string          `ovsdb:"controller"`
	Protocols    []string          `ovsdb:"protocols"`
	FailMode     *string           `ovsdb:"fail_mode"`
	OtherConfig  map[string]string `ovsdb:"other_config"`
	ExternalIDs  map[string]string `ovsdb:"external_ids"`
}

type portRow struct {
	UUID       string   `ovsdb:"_uuid"`
	Name       string   `ovsdb:"name"`
	Interfaces []string `ovsdb:"interfaces"`

	Tag         *int              `ovsdb:"tag"`
	OtherConfig map[string]string `ovsdb:"other_config"`
}

type ifaceRow struct {
	UUID          string            `ovsdb:"_uuid"`
	Name          string            `ovsdb:"name"`
	Type          string            `ovsdb:"type"`
	ExternalIDs   map[string]string `ovsdb:"external_ids"`
	OFPort        *int              `ovsdb:"ofport"`
	OFPortRequest *int              `ovsdb:"ofport_request"`
	LinkState     *string           `ovsdb:"link_state"`
	Error         *string           `ovsdb:"error"`
	Options       map[string]string `ovsdb:"options"`
	MACInUse      *string           `ovsdb:"mac_in_use"`
}

func databaseModel() (model.ClientDBModel, error) {
	return model.NewClientDBModel("Open_vSwitch", map[string]model.Model{
		"Open_vSwitch": &rootRow{},
		"Bridge":       &bridgeRow{},
		"Port":         &portRow{},
		"Interface":    &ifaceRow{},
		"Controller":   &controllerRow{},
	})
}

// monitored names the columns one by one, because the library's default is
// every column of the table's schema.
func monitored(c client.Client) *client.Monitor {
	var (
		r rootRow
		b bridgeRow
		p portRow
		i ifaceRow
		o controllerRow
	)
	return c.NewMonitor(
		client.WithTable(&r, &r.Bridges, &r.NextCfg, &r.CurCfg, &r.OtherConfig, &r.DatapathTypes, &r.SSL),
		client.WithTable(&o, &o.Target),
		client.WithTable(&b, &b.Name, &b.DatapathType, &b.DatapathID, &b.Ports, &b.Controller,
			&b.Protocols, &b.FailMode, &b.OtherConfig, &b.ExternalIDs),
		client.WithTable(&p, &p.Name, &p.Interfaces),
		client.WithTable(&i, &i.Name, &i.Type, &i.ExternalIDs, &i.OFPort, &i.OFPortRequest,
			&i.LinkState, &i.Error, &i.Options, &i.MACInUse),
	)
}
