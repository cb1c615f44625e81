curl https://{your_account}.reamaze.com/data/events -H "Content-type: application/json" -X POST -d '{"user":{"id": "1", "authkey": "xxxxxx"}, "event":{"name": "purchase", "data":{"foo":"bar"}}}'
