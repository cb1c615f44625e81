curl https://{your_account}.reamaze.com/data/users -H "Content-type: application/json" -X POST -d '{"user":{"id": "1", "email": "bob@example.com", "authkey": "xxxxxx", "data":{"foo":"bar"}}}'
