module countersign.test/peers/cosign3

go 1.26.8
