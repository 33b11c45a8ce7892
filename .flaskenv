FLASK_APP=backoffice.wsgi
