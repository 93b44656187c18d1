#!/bin/sh
# Least rights of tend's programs at Apache Kafka. Generated from agents/rights.py by `make docs`.
#   BOOTSTRAP=kafka:9092 CONFIG=admin.properties sh kafka-acls.sh
# Users are tend-worker, tend-learner and so on. Another TEND_GROUP than "tend" names other groups and transactional
# ids: GROUP=shop before it.
set -eu
GROUP=${GROUP:-tend}
allow() {
  kafka-acls.sh --bootstrap-server "$BOOTSTRAP" ${CONFIG:+--command-config "$CONFIG"} --add --force "$@"
}

# `tend worker`
allow --allow-principal User:tend-worker --operation Read --group "$GROUP"
allow --allow-principal User:tend-worker --operation Describe --group tend-reader
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.callbacks
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.coupons
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.greetings
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.messages
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.receipts
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.tickets
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.browse
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.complaints
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.customers
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.feedback
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.orders
allow --allow-principal User:tend-worker --operation Read --operation Describe --operation DescribeConfigs --topic tend.almanac
allow --allow-principal User:tend-worker --operation Describe --operation DescribeConfigs --topic tend.audit
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.dead-letters
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.decisions
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.lessons
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.moves
allow --allow-principal User:tend-worker --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.positions
allow --allow-principal User:tend-worker --operation Read --operation Describe --operation DescribeConfigs --topic tend.rulebooks
allow --allow-principal User:tend-worker --operation Read --operation Describe --operation DescribeConfigs --topic tend.watermarks
allow --allow-principal User:tend-worker --operation Write --operation Describe --transactional-id "$GROUP-lane-" --resource-pattern-type prefixed
allow --allow-principal User:tend-worker --operation Write --operation Describe --transactional-id tend-probe- --resource-pattern-type prefixed

# `tend learn`
allow --allow-principal User:tend-learner --operation Read --group "$GROUP-learn"
allow --allow-principal User:tend-learner --operation Describe --group tend-reader
allow --allow-principal User:tend-learner --operation Read --operation Write --operation Describe --topic tend.almanac
allow --allow-principal User:tend-learner --operation Read --operation Describe --topic tend.lessons
allow --allow-principal User:tend-learner --operation Write --operation Describe --transactional-id "$GROUP-learn" --resource-pattern-type prefixed
allow --allow-principal User:tend-learner --operation Write --operation Describe --transactional-id tend-probe- --resource-pattern-type prefixed

# `tend gateway`: events by HTTP, webhooks of shops, pages behind links, erasures
allow --allow-principal User:tend-gateway --operation Read --group "$GROUP-forget"
allow --allow-principal User:tend-gateway --operation Describe --group tend-reader
allow --allow-principal User:tend-gateway --operation Write --operation Describe --topic care.receipts
allow --allow-principal User:tend-gateway --operation Write --operation Describe --topic storefront.browse
allow --allow-principal User:tend-gateway --operation Write --operation Describe --topic storefront.complaints
allow --allow-principal User:tend-gateway --operation Read --operation Write --operation Describe --topic storefront.customers
allow --allow-principal User:tend-gateway --operation Write --operation Describe --topic storefront.feedback
allow --allow-principal User:tend-gateway --operation Write --operation Describe --topic storefront.orders
allow --allow-principal User:tend-gateway --operation Write --operation Describe --topic tend.audit

# `tend send`
allow --allow-principal User:tend-sender --operation Describe --group tend-reader
allow --allow-principal User:tend-sender --operation Read --group "$GROUP-send-call"
allow --allow-principal User:tend-sender --operation Read --group "$GROUP-send-desk"
allow --allow-principal User:tend-sender --operation Read --group "$GROUP-send-email"
allow --allow-principal User:tend-sender --operation Read --group "$GROUP-send-push"
allow --allow-principal User:tend-sender --operation Read --group "$GROUP-send-sms"
allow --allow-principal User:tend-sender --operation Read --operation Describe --topic care.callbacks
allow --allow-principal User:tend-sender --operation Read --operation Describe --topic care.coupons
allow --allow-principal User:tend-sender --operation Read --operation Describe --topic care.greetings
allow --allow-principal User:tend-sender --operation Read --operation Describe --topic care.messages
allow --allow-principal User:tend-sender --operation Write --operation Describe --topic care.receipts
allow --allow-principal User:tend-sender --operation Read --operation Describe --topic care.tickets
allow --allow-principal User:tend-sender --operation Write --operation Describe --topic tend.audit

# `tend console` with its API
allow --allow-principal User:tend-console --operation Describe --group tend-reader
allow --allow-principal User:tend-console --operation Read --operation Describe --topic care.callbacks
allow --allow-principal User:tend-console --operation Read --operation Describe --topic care.coupons
allow --allow-principal User:tend-console --operation Read --operation Describe --topic care.greetings
allow --allow-principal User:tend-console --operation Read --operation Describe --topic care.messages
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic care.receipts
allow --allow-principal User:tend-console --operation Read --operation Describe --topic care.tickets
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic storefront.browse
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic storefront.complaints
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic storefront.customers
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic storefront.feedback
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic storefront.orders
allow --allow-principal User:tend-console --operation Read --operation Describe --topic tend.almanac
allow --allow-principal User:tend-console --operation Write --operation Describe --topic tend.audit
allow --allow-principal User:tend-console --operation Read --operation Describe --topic tend.dead-letters
allow --allow-principal User:tend-console --operation Read --operation Describe --topic tend.decisions
allow --allow-principal User:tend-console --operation Read --operation Describe --topic tend.moves
allow --allow-principal User:tend-console --operation Read --operation Describe --topic tend.positions
allow --allow-principal User:tend-console --operation Read --operation Write --operation Describe --topic tend.rulebooks
allow --allow-principal User:tend-console --operation Write --operation Describe --transactional-id "$GROUP-rulebooks" --resource-pattern-type prefixed

# people at the command line: topics, rules, replays, snapshots, dead letters
allow --allow-principal User:tend-operator --operation Create --cluster
allow --allow-principal User:tend-operator --operation Read --group "$GROUP"
allow --allow-principal User:tend-operator --operation Describe --group tend-reader
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic care.callbacks
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic care.coupons
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic care.greetings
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic care.messages
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic care.receipts
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic care.tickets
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.browse
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.complaints
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.customers
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.feedback
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic storefront.orders
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic tend.almanac
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.audit
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic tend.dead-letters
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic tend.decisions
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic tend.lessons
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic tend.moves
allow --allow-principal User:tend-operator --operation Read --operation Describe --operation DescribeConfigs --topic tend.positions
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.rulebooks
allow --allow-principal User:tend-operator --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic tend.watermarks
allow --allow-principal User:tend-operator --operation Write --operation Describe --transactional-id "$GROUP-rulebooks" --resource-pattern-type prefixed

# the shop's own services
allow --allow-principal User:tend-storefront --operation Write --operation Describe --topic storefront.browse
allow --allow-principal User:tend-storefront --operation Write --operation Describe --topic storefront.complaints
allow --allow-principal User:tend-storefront --operation Write --operation Describe --topic storefront.customers
allow --allow-principal User:tend-storefront --operation Write --operation Describe --topic storefront.feedback
allow --allow-principal User:tend-storefront --operation Write --operation Describe --topic storefront.orders

# senders and desks of others, which answer with receipts
allow --allow-principal User:tend-desk --operation Describe --group tend-reader
allow --allow-principal User:tend-desk --operation Read --operation Describe --topic care.callbacks
allow --allow-principal User:tend-desk --operation Read --operation Describe --topic care.coupons
allow --allow-principal User:tend-desk --operation Read --operation Describe --topic care.greetings
allow --allow-principal User:tend-desk --operation Read --operation Describe --topic care.messages
allow --allow-principal User:tend-desk --operation Write --operation Describe --topic care.receipts
allow --allow-principal User:tend-desk --operation Read --operation Describe --topic care.tickets
