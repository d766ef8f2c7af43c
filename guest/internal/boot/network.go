package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"banger.dev/guest/internal/uevent"
)

// interfaceName is what the guest's one interface is called.
const interfaceName = "eth0"

// Network is how the interface with that MAC is configured.
type Network struct {
	MAC string
	// With prefix length
	Address string
	// Empty: no default route
	Gateway string
}

func (n Network) check() error {
	if _, err := net.ParseMAC(n.MAC); err != nil {
		return err
	}
	if _, err := netlink.ParseAddr(n.Address); err != nil {
		return fmt.Errorf("address %.80q: %w", n.Address, err)
	}
	if n.Gateway != "" && net.ParseIP(n.Gateway) == nil {
		return fmt.Errorf("gateway %.80q is not an address", n.Gateway)
	}
	return nil
}

func (r *run) configureNetwork(ctx context.Context) error {
	if err := bringUp("lo"); err != nil {
		return err
	}
	if r.plan.Network == nil {
		return nil
	}
	link, err := waitForInterface(ctx, r.plan.Network.MAC)
	if err != nil {
		return err
	}
	return configure(link, *r.plan.Network)
}

func bringUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf("bring up %s: %w", name, err)
	}
	return nil
}

func waitForInterface(ctx context.Context, mac string) (netlink.Link, error) {
	wanted, err := net.ParseMAC(mac)
	if err != nil {
		return nil, err
	}
	var found netlink.Link
	err = uevent.Await(ctx, func() (bool, error) {
		links, err := netlink.LinkList()
		for _, link := range links {
			if bytes.Equal(link.Attrs().HardwareAddr, wanted) {
				found = link
			}
		}
		return found != nil, err
	})
	if err != nil {
		return nil, fmt.Errorf("wait for the interface %s: %w", mac, err)
	}
	return found, nil
}

func configure(link netlink.Link, network Network) error {
	if link.Attrs().Name != interfaceName {
		if err := netlink.LinkSetName(link, interfaceName); err != nil {
			return fmt.Errorf("rename %s: %w", link.Attrs().Name, err)
		}
	}
	address, err := netlink.ParseAddr(network.Address)
	if err != nil {
		return err
	}
	if err := netlink.AddrReplace(link, address); err != nil {
		return fmt.Errorf("set address %s: %w", network.Address, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring up %s: %w", interfaceName, err)
	}
	if network.Gateway == "" {
		return nil
	}
	gateway := net.ParseIP(network.Gateway)
	if gateway == nil {
		return errors.New("the gateway is not an address")
	}
	if err := netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: gateway}); err != nil {
		return fmt.Errorf("set the default route over %s: %w", network.Gateway, err)
	}
	return nil
}
